using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Pilothouse.Control.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Explain : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "listener_contacts",
                columns: table => new
                {
                    listener_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_listener_contacts", x => x.listener_id);
                });

            migrationBuilder.CreateTable(
                name: "pins",
                columns: table => new
                {
                    deployment_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    workspace_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    revision_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    revision_number = table.Column<int>(type: "INTEGER", nullable: false),
                    target_revision_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    target_number = table.Column<int>(type: "INTEGER", nullable: false),
                    target_mark = table.Column<string>(type: "TEXT", nullable: true),
                    left_revision_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    left_number = table.Column<int>(type: "INTEGER", nullable: false),
                    left_mark = table.Column<string>(type: "TEXT", nullable: true),
                    reason = table.Column<string>(type: "TEXT", nullable: true),
                    pinned_by = table.Column<Guid>(type: "TEXT", nullable: false),
                    pinned_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_pins", x => x.deployment_id);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "listener_contacts");

            migrationBuilder.DropTable(
                name: "pins");
        }
    }
}
