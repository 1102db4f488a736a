using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Pilothouse.Control.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class LogTimes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_logs_deployment_id_is_build_sequence",
                table: "logs");

            migrationBuilder.DropIndex(
                name: "ix_logs_revision_id_is_build_sequence",
                table: "logs");

            migrationBuilder.CreateTable(
                name: "log_batches",
                columns: table => new
                {
                    batch_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_log_batches", x => x.batch_id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_logs_deployment_id_is_build_at_sequence",
                table: "logs",
                columns: new[] { "deployment_id", "is_build", "at", "sequence" });

            migrationBuilder.CreateIndex(
                name: "ix_logs_revision_id_is_build_at_sequence",
                table: "logs",
                columns: new[] { "revision_id", "is_build", "at", "sequence" });

            migrationBuilder.CreateIndex(
                name: "ix_log_batches_at",
                table: "log_batches",
                column: "at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "log_batches");

            migrationBuilder.DropIndex(
                name: "ix_logs_deployment_id_is_build_at_sequence",
                table: "logs");

            migrationBuilder.DropIndex(
                name: "ix_logs_revision_id_is_build_at_sequence",
                table: "logs");

            migrationBuilder.CreateIndex(
                name: "ix_logs_deployment_id_is_build_sequence",
                table: "logs",
                columns: new[] { "deployment_id", "is_build", "sequence" });

            migrationBuilder.CreateIndex(
                name: "ix_logs_revision_id_is_build_sequence",
                table: "logs",
                columns: new[] { "revision_id", "is_build", "sequence" });
        }
    }
}
