using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Pilothouse.Control.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class RemoteListeners : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "gateway_url",
                table: "listeners",
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<Guid>(
                name: "instance_id",
                table: "listener_contacts",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "lease",
                table: "listener_contacts",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "lease_until",
                table: "listener_contacts",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "standby_at",
                table: "listener_contacts",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "gateway_url",
                table: "deployments",
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<Guid>(
                name: "listener_id",
                table: "api_keys",
                type: "uuid",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "gateway_url",
                table: "listeners");

            migrationBuilder.DropColumn(
                name: "instance_id",
                table: "listener_contacts");

            migrationBuilder.DropColumn(
                name: "lease",
                table: "listener_contacts");

            migrationBuilder.DropColumn(
                name: "lease_until",
                table: "listener_contacts");

            migrationBuilder.DropColumn(
                name: "standby_at",
                table: "listener_contacts");

            migrationBuilder.DropColumn(
                name: "gateway_url",
                table: "deployments");

            migrationBuilder.DropColumn(
                name: "listener_id",
                table: "api_keys");
        }
    }
}
