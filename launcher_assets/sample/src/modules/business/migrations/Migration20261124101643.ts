import { Migration } from "@medusajs/framework/mikro-orm/migrations"

export class Migration20261124101643 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`
      create table if not exists "business" (
        "id" text not null,
        "name" text not null,
        "slug" text not null,
        "status" text check ("status" in ('pending', 'active', 'suspended')) not null default 'active',
        "is_active" boolean not null default true,
        "tagline" text null,
        "primary_color" text not null default '#0f766e',
        "branding_config" jsonb null,
        "settings" jsonb null,
        "sales_channel_id" text null,
        "publishable_api_key_id" text null,
        "created_at" timestamptz not null default now(),
        "updated_at" timestamptz not null default now(),
        "deleted_at" timestamptz null,
        constraint "business_pkey" primary key ("id")
      );
    `)
    this.addSql(`create unique index if not exists "IDX_business_slug_unique" on "business" ("slug") where deleted_at is null;`)
    this.addSql(`create index if not exists "IDX_business_deleted_at" on "business" ("deleted_at") where deleted_at is null;`)

    this.addSql(`
      create table if not exists "business_domain" (
        "id" text not null,
        "domain" text not null,
        "is_primary" boolean not null default false,
        "is_verified" boolean not null default false,
        "verified_at" timestamptz null,
        "business_id" text not null,
        "created_at" timestamptz not null default now(),
        "updated_at" timestamptz not null default now(),
        "deleted_at" timestamptz null,
        constraint "business_domain_pkey" primary key ("id"),
        constraint "business_domain_business_id_foreign" foreign key ("business_id")
          references "business" ("id") on update cascade on delete cascade
      );
    `)
    this.addSql(`create unique index if not exists "IDX_business_domain_domain_unique" on "business_domain" ("domain") where deleted_at is null;`)
    this.addSql(`create index if not exists "IDX_business_domain_business_id" on "business_domain" ("business_id") where deleted_at is null;`)
    this.addSql(`create index if not exists "IDX_business_domain_deleted_at" on "business_domain" ("deleted_at") where deleted_at is null;`)

    this.addSql(`
      create table if not exists "audit_log" (
        "id" text not null,
        "business_id" text null,
        "actor" text not null,
        "action" text not null,
        "entity_type" text not null,
        "entity_id" text null,
        "details" jsonb null,
        "created_at" timestamptz not null default now(),
        "updated_at" timestamptz not null default now(),
        "deleted_at" timestamptz null,
        constraint "audit_log_pkey" primary key ("id")
      );
    `)
    this.addSql(`create index if not exists "IDX_audit_log_business_id" on "audit_log" ("business_id") where deleted_at is null;`)
    this.addSql(`create index if not exists "IDX_audit_log_deleted_at" on "audit_log" ("deleted_at") where deleted_at is null;`)
  }

  override async down(): Promise<void> {
    this.addSql(`drop table if exists "audit_log" cascade;`)
    this.addSql(`drop table if exists "business_domain" cascade;`)
    this.addSql(`drop table if exists "business" cascade;`)
  }
}
