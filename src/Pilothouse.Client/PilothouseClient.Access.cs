using System.Runtime.CompilerServices;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;

namespace Pilothouse.Client;

/// <summary>Who may what: keys, users, members, roles, workspaces, and the log of changes.</summary>
public sealed partial class PilothouseClient
{
    /// <summary>Who the key is, in which workspace, and what it may there.</summary>
    public Task<Me> GetMeAsync(CancellationToken cancellationToken = default) => GetAsync("v2/access/me", ApiJson.Default.Me, cancellationToken);

    /// <summary>All pages, oldest first; revoked ones are not among them.</summary>
    /// <param name="areOwn">The personal keys of the user behind the key, instead of the workspace's.</param>
    public IAsyncEnumerable<ApiKey> ListKeysAsync(bool areOwn = false, CancellationToken cancellationToken = default) => PagesAsync(
        async (page, token) => (await GetAsync($"{KeysPath(areOwn)}?{page}", ApiJson.Default.ApiKeysList, token).ConfigureAwait(false)).Resources, cancellationToken);

    /// <summary>The answer is the only place where the key itself ever stands.</summary>
    /// <param name="isOwn">A personal key of the user behind the key that asks.</param>
    public Task<NewApiKey> CreateKeyAsync(ApiKeyCreate wanted, bool isOwn = false, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, KeysPath(isOwn), wanted, ApiJson.Default.ApiKeyCreate, ApiJson.Default.NewApiKey, cancellationToken);

    /// <summary>A personal key for a user; for administrators of the organization.</summary>
    public Task<NewApiKey> CreateUserKeyAsync(Guid user, ApiKeyCreate wanted, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, $"v2/access/users/{user}/keys", wanted, ApiJson.Default.ApiKeyCreate, ApiJson.Default.NewApiKey, cancellationToken);

    /// <summary>Effective at once; 404 when it is revoked already.</summary>
    public Task RevokeKeyAsync(Guid key, bool isOwn = false, CancellationToken cancellationToken = default) =>
        SendAsync<object, object>(HttpMethod.Delete, $"{KeysPath(isOwn)}/{key}", null, null, null, cancellationToken);

    /// <summary>All pages, oldest first.</summary>
    /// <param name="email">Only those with exactly this email, in any case.</param>
    public IAsyncEnumerable<User> ListUsersAsync(string? email = null, CancellationToken cancellationToken = default) => PagesAsync(
        async (page, token) => (await GetAsync($"v2/access/users?{page}&email={Uri.EscapeDataString(email ?? "")}", ApiJson.Default.UsersList, token).ConfigureAwait(false)).Resources,
        cancellationToken);

    /// <summary>409 when the email, or the identity at the issuer, is another user's.</summary>
    public Task<User> CreateUserAsync(UserCreate wanted, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, "v2/access/users", wanted, ApiJson.Default.UserCreate, ApiJson.Default.User, cancellationToken);

    public Task<User> PatchUserAsync(Guid user, UserPatch patch, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Patch, $"v2/access/users/{user}", patch, ApiJson.Default.UserPatch, ApiJson.Default.User, cancellationToken);

    /// <summary>All pages, oldest first.</summary>
    public IAsyncEnumerable<Member> ListMembersAsync(CancellationToken cancellationToken = default) => PagesAsync(
        async (page, token) => (await GetAsync($"v2/access/members?{page}", ApiJson.Default.MembersList, token).ConfigureAwait(false)).Resources, cancellationToken);

    /// <summary>Adds a user to the workspace, or gives a member another role.</summary>
    public Task<Member> SetMemberAsync(Guid user, string role, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Put, $"v2/access/members/{user}", new MemberSet(role), ApiJson.Default.MemberSet, ApiJson.Default.Member, cancellationToken);

    /// <summary>The user's keys and tokens stop reaching the workspace at once.</summary>
    public Task RemoveMemberAsync(Guid user, CancellationToken cancellationToken = default) =>
        SendAsync<object, object>(HttpMethod.Delete, $"v2/access/members/{user}", null, null, null, cancellationToken);

    /// <summary>All pages: the built-in ones, then the others by name.</summary>
    public IAsyncEnumerable<Role> ListRolesAsync(CancellationToken cancellationToken = default) => PagesAsync(
        async (page, token) => (await GetAsync($"v2/access/roles?{page}", ApiJson.Default.RolesList, token).ConfigureAwait(false)).Resources, cancellationToken);

    public Task<Role> CreateRoleAsync(RoleCreate wanted, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, "v2/access/roles", wanted, ApiJson.Default.RoleCreate, ApiJson.Default.Role, cancellationToken);

    /// <summary>409 while a key or a member has it.</summary>
    public Task DeleteRoleAsync(string name, CancellationToken cancellationToken = default) =>
        SendAsync<object, object>(HttpMethod.Delete, $"v2/access/roles/{Uri.EscapeDataString(name)}", null, null, null, cancellationToken);

    /// <summary>All pages of those that the key reaches, oldest first.</summary>
    public IAsyncEnumerable<Workspace> ListWorkspacesAsync(CancellationToken cancellationToken = default) => PagesAsync(
        async (page, token) => (await GetAsync($"v2/access/workspaces?{page}", ApiJson.Default.WorkspacesList, token).ConfigureAwait(false)).Resources, cancellationToken);

    public Task<Workspace> CreateWorkspaceAsync(string name, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, "v2/access/workspaces", new WorkspaceName(name), ApiJson.Default.WorkspaceName, ApiJson.Default.Workspace, cancellationToken);

    public Task<Workspace> RenameWorkspaceAsync(Guid workspace, string name, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Patch, $"v2/access/workspaces/{workspace}", new WorkspaceName(name), ApiJson.Default.WorkspaceName, ApiJson.Default.Workspace, cancellationToken);

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<AuditEntry>> ListAuditAsync(AuditFilter? filter = null, CancellationToken cancellationToken = default) =>
        (await GetAsync($"v2/access/audit-log?{(filter ?? new AuditFilter()).ToQuery()}", ApiJson.Default.AuditEntriesList, cancellationToken).ConfigureAwait(false)).Resources;

    private static string KeysPath(bool areOwn) => areOwn ? "v2/access/me/keys" : "v2/access/keys";

    private static async IAsyncEnumerable<T> PagesAsync<T>(
        Func<string, CancellationToken, Task<IReadOnlyList<T>>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var offset = 0; ;)
        {
            var page = await read($"limit={PageSize}&offset={offset}", cancellationToken).ConfigureAwait(false);
            foreach (var one in page) yield return one;
            if (page.Count < PageSize) yield break;
            offset += page.Count;
        }
    }
}
