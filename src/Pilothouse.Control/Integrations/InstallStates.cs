using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Integrations;

/// <summary>What a browser carries to GitHub and back: who connects what.</summary>
/// <param name="Kind">A constant of <see cref="IntegrationKinds"/>.</param>
/// <param name="Subject">Who asked for the link.</param>
/// <param name="ReturnTo">Where the browser ends up; null: at the control plane.</param>
internal sealed record InstallState(Guid Workspace, string Kind, Guid Subject, string? ReturnTo, DateTimeOffset ExpiresAt);

/// <summary>
/// The <c>state</c> parameter of GitHub's pages. Shape: base64url of 16 bytes workspace and the state sealed under that workspace's data key, so
/// that nobody else can make, read or alter one, and nothing has to be stored for links that nobody follows.
/// </summary>
internal sealed partial class InstallStates(DataKeys keys, IDbContextFactory<PilothouseDb> databases, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private const int WorkspaceBytes = 16;

    public async Task<string> WriteAsync(Caller caller, string kind, string? returnTo, CancellationToken cancellationToken)
    {
        var state = new InstallState(caller.Workspace.Value, kind, caller.Subject, returnTo, clock.GetUtcNow() + Lifetime);
        var key = await keys.OfAsync(caller.Workspace, cancellationToken);
        var box = SealedBox.Seal(key, JsonSerializer.SerializeToUtf8Bytes(state, States.Default.InstallState), Purpose(caller.Workspace));
        return Base64Url.EncodeToString([.. state.Workspace.ToByteArray(), .. box]);
    }

    /// <summary>Null when it is not one of ours, was altered, or is too old.</summary>
    public async Task<InstallState?> ReadAsync(string text, CancellationToken cancellationToken)
    {
        if (!Base64Url.IsValid(text)) return null;
        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length <= WorkspaceBytes) return null;
        var workspace = new WorkspaceId(new Guid(bytes.AsSpan(0, WorkspaceBytes)));
        if (!await ExistsAsync(workspace, cancellationToken)) return null;
        try
        {
            var key = await keys.OfAsync(workspace, cancellationToken);
            var plain = SealedBox.Open(key, bytes.AsSpan(WorkspaceBytes), Purpose(workspace));
            return JsonSerializer.Deserialize(plain, States.Default.InstallState) is { } state && state.ExpiresAt > clock.GetUtcNow() ? state : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private async Task<bool> ExistsAsync(WorkspaceId workspace, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Workspaces.AnyAsync(row => row.Id == workspace.Value, cancellationToken);
    }

    private static byte[] Purpose(WorkspaceId workspace) => Encoding.UTF8.GetBytes($"pilothouse installation state {workspace}");

    [JsonSerializable(typeof(InstallState))]
    private sealed partial class States : JsonSerializerContext;
}
