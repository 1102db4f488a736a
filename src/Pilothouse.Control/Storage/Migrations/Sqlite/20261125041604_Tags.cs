using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Pilothouse.Control.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Tags : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_deployments_workspace_id_created_at_id",
                table: "deployments");

            migrationBuilder.CreateTable(
                name: "tag_keys",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    workspace_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    key = table.Column<string>(type: "TEXT", nullable: false),
                    description = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tag_keys", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "tag_values",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    workspace_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    tag_key_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    value = table.Column<string>(type: "TEXT", nullable: false),
                    description = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tag_values", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "taggings",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    workspace_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    tag_value_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    deployment_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_taggings", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_deployments_workspace_id_created_at_id_status",
                table: "deployments",
                columns: new[] { "workspace_id", "created_at", "id", "status" });

            migrationBuilder.CreateIndex(
                name: "ix_tag_keys_workspace_id_key",
                table: "tag_keys",
                columns: new[] { "workspace_id", "key" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_tag_values_tag_key_id_value",
                table: "tag_values",
                columns: new[] { "tag_key_id", "value" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_tag_values_workspace_id",
                table: "tag_values",
                column: "workspace_id");

            migrationBuilder.CreateIndex(
                name: "ix_taggings_deployment_id",
                table: "taggings",
                column: "deployment_id");

            migrationBuilder.CreateIndex(
                name: "ix_taggings_tag_value_id_deployment_id",
                table: "taggings",
                columns: new[] { "tag_value_id", "deployment_id" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "tag_keys");

            migrationBuilder.DropTable(
                name: "tag_values");

            migrationBuilder.DropTable(
                name: "taggings");

            migrationBuilder.DropIndex(
                name: "ix_deployments_workspace_id_created_at_id_status",
                table: "deployments");

            migrationBuilder.CreateIndex(
                name: "ix_deployments_workspace_id_created_at_id",
                table: "deployments",
                columns: new[] { "workspace_id", "created_at", "id" });
        }
    }
}
