using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Pilothouse.Control.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class RequestKeys : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "status",
                table: "events",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "request_keys",
                columns: table => new
                {
                    workspace_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    subject = table.Column<Guid>(type: "TEXT", nullable: false),
                    key = table.Column<string>(type: "TEXT", nullable: false),
                    fingerprint = table.Column<byte[]>(type: "BLOB", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: false),
                    lease_until = table.Column<long>(type: "INTEGER", nullable: false),
                    fence = table.Column<long>(type: "INTEGER", nullable: false),
                    deployment_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    revision_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    status = table.Column<int>(type: "INTEGER", nullable: true),
                    answer = table.Column<byte[]>(type: "BLOB", nullable: true),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_request_keys", x => new { x.workspace_id, x.subject, x.key });
                });

            migrationBuilder.CreateIndex(
                name: "ix_request_keys_expires_at",
                table: "request_keys",
                column: "expires_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "request_keys");

            migrationBuilder.DropColumn(
                name: "status",
                table: "events");
        }
    }
}
