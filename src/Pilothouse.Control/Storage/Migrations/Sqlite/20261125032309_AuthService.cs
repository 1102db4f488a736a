using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Pilothouse.Control.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class AuthService : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "agent_connections",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    workspace_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    agent_id = table.Column<string>(type: "TEXT", nullable: false),
                    provider_row_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    token_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    created_by = table.Column<Guid>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_agent_connections", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "auth_sessions",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    workspace_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    auth_id_hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    state_hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    status = table.Column<string>(type: "TEXT", nullable: false),
                    provider_row_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    token_url = table.Column<string>(type: "TEXT", nullable: false),
                    redirect_uri = table.Column<string>(type: "TEXT", nullable: false),
                    initiator = table.Column<Guid>(type: "TEXT", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: false),
                    scopes = table.Column<string>(type: "TEXT", nullable: false),
                    is_default = table.Column<bool>(type: "INTEGER", nullable: false),
                    replaces_token_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    secrets = table.Column<byte[]>(type: "BLOB", nullable: true),
                    token_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_auth_sessions", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "oauth_providers",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    organization_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    provider_id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    client_id = table.Column<string>(type: "TEXT", nullable: false),
                    sealed_for = table.Column<Guid>(type: "TEXT", nullable: false),
                    secrets = table.Column<byte[]>(type: "BLOB", nullable: true),
                    auth_url = table.Column<string>(type: "TEXT", nullable: false),
                    token_url = table.Column<string>(type: "TEXT", nullable: false),
                    uses_pkce = table.Column<bool>(type: "INTEGER", nullable: false),
                    skips_pkce = table.Column<bool>(type: "INTEGER", nullable: false),
                    provider_type = table.Column<string>(type: "TEXT", nullable: true),
                    mcp_server_url = table.Column<string>(type: "TEXT", nullable: true),
                    token_endpoint_auth_method = table.Column<string>(type: "TEXT", nullable: false),
                    is_dynamic_client = table.Column<bool>(type: "INTEGER", nullable: false),
                    issuer = table.Column<string>(type: "TEXT", nullable: true),
                    revocation_url = table.Column<string>(type: "TEXT", nullable: true),
                    redirect_uri = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_oauth_providers", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "oauth_tokens",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    workspace_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    provider_row_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: false),
                    secrets = table.Column<byte[]>(type: "BLOB", nullable: false),
                    needs_consent = table.Column<bool>(type: "INTEGER", nullable: false),
                    scopes = table.Column<string>(type: "TEXT", nullable: false),
                    asked_scopes = table.Column<string>(type: "TEXT", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: true),
                    label = table.Column<string>(type: "TEXT", nullable: true),
                    metadata = table.Column<string>(type: "TEXT", nullable: true),
                    is_default = table.Column<bool>(type: "INTEGER", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    refreshing_until = table.Column<long>(type: "INTEGER", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_oauth_tokens", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_agent_connections_provider_row_id",
                table: "agent_connections",
                column: "provider_row_id");

            migrationBuilder.CreateIndex(
                name: "ix_agent_connections_token_id",
                table: "agent_connections",
                column: "token_id");

            migrationBuilder.CreateIndex(
                name: "ix_agent_connections_workspace_id_agent_id_provider_row_id",
                table: "agent_connections",
                columns: new[] { "workspace_id", "agent_id", "provider_row_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_auth_sessions_auth_id_hash",
                table: "auth_sessions",
                column: "auth_id_hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_auth_sessions_expires_at",
                table: "auth_sessions",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ix_auth_sessions_provider_row_id",
                table: "auth_sessions",
                column: "provider_row_id");

            migrationBuilder.CreateIndex(
                name: "ix_auth_sessions_state_hash",
                table: "auth_sessions",
                column: "state_hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_oauth_providers_organization_id_provider_id",
                table: "oauth_providers",
                columns: new[] { "organization_id", "provider_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_oauth_tokens_provider_row_id",
                table: "oauth_tokens",
                column: "provider_row_id");

            migrationBuilder.CreateIndex(
                name: "ix_oauth_tokens_workspace_id_owner_provider_row_id",
                table: "oauth_tokens",
                columns: new[] { "workspace_id", "owner", "provider_row_id" });

            migrationBuilder.CreateIndex(
                name: "ix_oauth_tokens_workspace_id_owner_provider_row_id1",
                table: "oauth_tokens",
                columns: new[] { "workspace_id", "owner", "provider_row_id" },
                unique: true,
                filter: "is_default");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "agent_connections");

            migrationBuilder.DropTable(
                name: "auth_sessions");

            migrationBuilder.DropTable(
                name: "oauth_providers");

            migrationBuilder.DropTable(
                name: "oauth_tokens");
        }
    }
}
