using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Pilothouse.Control.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Integrations : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "integration_repositories",
                columns: table => new
                {
                    integration_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    repository_id = table.Column<long>(type: "INTEGER", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    url = table.Column<string>(type: "TEXT", nullable: false),
                    url_key = table.Column<string>(type: "TEXT", nullable: false),
                    default_branch = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_integration_repositories", x => new { x.integration_id, x.repository_id });
                });

            migrationBuilder.CreateTable(
                name: "integrations",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    workspace_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    installation_id = table.Column<long>(type: "INTEGER", nullable: false),
                    account_name = table.Column<string>(type: "TEXT", nullable: false),
                    repository_selection = table.Column<string>(type: "TEXT", nullable: true),
                    settings_url = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_integrations", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "picker_sessions",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    workspace_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    installs = table.Column<string>(type: "TEXT", nullable: false),
                    return_to = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_picker_sessions", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_integration_repositories_integration_id_url_key",
                table: "integration_repositories",
                columns: new[] { "integration_id", "url_key" });

            migrationBuilder.CreateIndex(
                name: "ix_integrations_workspace_id_kind_installation_id",
                table: "integrations",
                columns: new[] { "workspace_id", "kind", "installation_id" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "integration_repositories");

            migrationBuilder.DropTable(
                name: "integrations");

            migrationBuilder.DropTable(
                name: "picker_sessions");
        }
    }
}
