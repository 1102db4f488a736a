using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Access;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Access;

/// <summary>Who may call what: every endpoint that is mapped, by everybody, against a table of its own (<see cref="MatrixTable"/>).</summary>
public sealed class MatrixTests(AccessFixture fixture) : IClassFixture<AccessFixture>
{
    private static readonly string[] s_custom = ["deployments:read", "deployments:delete", "workspaces:manage-keys"];

    [Fact]
    public void Every_endpoint_is_in_the_table_and_asks_for_what_the_table_says()
    {
        var faults = Guarded(fixture.Host)
            .Select(one => (one, expected: MatrixTable.Find(one.Name)))
            .Where(both => both.expected is null || both.expected.Permission != both.one.Permission)
            .Select(both => $"{both.one.Name} asks for {both.one.Permission}, the table says {both.expected?.Permission ?? "nothing"}");
        var open = fixture.Host.Services.GetRequiredService<MappedEndpoints>().All
            .Where(endpoint => endpoint.Metadata.GetMetadata<OpenToAnybody>() is not null)
            .Select(MappedEndpoints.NameOf)
            .Except(MatrixTable.Open, StringComparer.Ordinal)
            .Select(name => $"{name} is open to anybody, and the table does not say so");

        Assert.Empty(faults.Concat(open));
    }

    [Fact]
    public async Task Each_role_is_let_in_where_the_table_says_and_nowhere_else() => Assert.Empty(await DifferencesAsync(fixture));

    /// <summary>An authorization that lets everybody do one thing, for each thing: the matrix must notice.</summary>
    [Fact]
    public async Task Matrix_notices_when_any_one_permission_is_given_to_all()
    {
        var rule = new SwitchableRule();
        await using var host = await ControlHost.StartAsync(services: services => services.AddSingleton(new PermissionRule(rule.Allows)));
        var scene = new MatrixScene(host, await MatrixScene.CallersAsync(host, s_custom));

        foreach (var permission in Guarded(host).Select(one => one.Permission).Distinct(StringComparer.Ordinal))
        {
            rule.Given = permission;
            var noticed = await scene.DifferencesAsync(Guarded(host).Where(one => one.Permission == permission));

            // What every caller may anyway cannot be given away.
            if (permission is null) Assert.Empty(noticed);
            else Assert.Contains(noticed, one => one.EndsWith(" lets in stranger", StringComparison.Ordinal));
        }
    }

    private static async Task<IReadOnlyList<string>> DifferencesAsync(AccessFixture fixture) =>
        await new MatrixScene(fixture.Host, await MatrixScene.CallersAsync(fixture.Host, s_custom)).DifferencesAsync(Guarded(fixture.Host));

    private static IReadOnlyList<GuardedEndpoint> Guarded(ControlHost host) =>
    [
        .. host.Services.GetRequiredService<MappedEndpoints>().All
            .Where(endpoint => endpoint.Metadata.GetMetadata<RequiredPermission>() is not null)
            .Cast<RouteEndpoint>()
            .Select(endpoint => new GuardedEndpoint(
                endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0],
                endpoint.RoutePattern.RawText!,
                endpoint.Metadata.GetMetadata<RequiredPermission>()!.Permission)),
    ];

    private sealed class SwitchableRule
    {
        public string? Given { get; set; }

        public bool Allows(Caller caller, string permission) => permission == Given || caller.May(permission);
    }
}

internal sealed record GuardedEndpoint(string Method, string Path, string? Permission)
{
    public string Name => $"{Method} {Path}";
}

/// <summary>A caller of each role, and what happens to it.</summary>
internal sealed class MatrixScene(ControlHost host, IReadOnlyDictionary<string, string> keys)
{
    public static async Task<IReadOnlyDictionary<string, string>> CallersAsync(ControlHost host, string[] custom)
    {
        var workspace = await host.WorkspaceAsync();
        var root = new Api(host, host.Client(), workspace);
        var name = $"c{Guid.NewGuid():N}"[..12];
        (await root.PostAsync("/v2/access/roles", $$"""{"name":"{{name}}","permissions":["{{string.Join("\",\"", custom)}}"]}""")).Expect(HttpStatusCode.Created);
        var callers = new Dictionary<string, string>(StringComparer.Ordinal) { ["organization"] = host.NewKey! };
        foreach (var (role, stored) in new[] { ("admin", "admin"), ("editor", "editor"), ("viewer", "viewer"), ("custom", name), ("stranger", "stranger") })
            callers[role] = await host.AddKeyAsync(workspace.Value, stored);
        return callers;
    }

    public async Task<IReadOnlyList<string>> DifferencesAsync(IEnumerable<GuardedEndpoint> endpoints)
    {
        var differences = new List<string>();
        foreach (var role in MatrixTable.Roles)
        {
            using var client = host.Client(keys[role]);
            foreach (var endpoint in endpoints)
            {
                var expected = MatrixTable.Find(endpoint.Name)?.LetsIn(role) ?? false;
                if (await IsLetInAsync(client, endpoint) != expected) differences.Add($"{endpoint.Name} {(expected ? "refuses" : "lets in")} {role}");
            }
        }

        return differences;
    }

    /// <summary>With ids and bodies that are none, so that nothing happens to those who are let in.</summary>
    private static async Task<bool> IsLetInAsync(HttpClient client, GuardedEndpoint endpoint)
    {
        var path = string.Join('/', endpoint.Path.Split('/').Select(part => part.StartsWith('{') ? "-" : part));
        using var request = new HttpRequestMessage(new HttpMethod(endpoint.Method), path);
        if (endpoint.Method is not "GET") request.Content = new StringContent("[]", System.Text.Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ControlHost.Cancel);
        Assert.NotEqual(HttpStatusCode.Unauthorized, response.StatusCode);
        return response.StatusCode != HttpStatusCode.Forbidden
            || !(await response.Content.ReadAsStringAsync(ControlHost.Cancel)).Contains("lacks the permission", StringComparison.Ordinal);
    }
}
