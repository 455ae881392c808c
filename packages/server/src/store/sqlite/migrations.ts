/**
 * The SQLite schema as numbered steps. A released step is never changed; changes are added as new steps, and to
 * `../postgres/migrations.ts` too.
 *
 * `seq` gives lists a stable order: rows of the same millisecond stay in the order of their insertion.
 *
 * @module
 */

/** Step n brings a database from version n-1 to version n; the first is version 1. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE apps (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id          INTEGER NOT NULL UNIQUE,
    rtk_app_id      TEXT NOT NULL UNIQUE,
    account_id      TEXT NOT NULL,
    name            TEXT NOT NULL,
    server_secret   TEXT,
    callback_secret TEXT,
    created_at_ms   INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE api_tokens (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash    TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    account_id    TEXT NOT NULL,
    rtk_app_ids   TEXT,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX api_tokens_by_account ON api_tokens (account_id, seq);

  CREATE TABLE presets (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    app_id        INTEGER NOT NULL REFERENCES apps (app_id),
    name          TEXT NOT NULL,
    definition    TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    UNIQUE (app_id, name)
  ) STRICT;
  CREATE INDEX presets_by_app ON presets (app_id, seq);

  CREATE TABLE meetings (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    app_id        INTEGER NOT NULL REFERENCES apps (app_id),
    title         TEXT,
    status        TEXT NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
    settings      TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX meetings_by_app ON meetings (app_id, seq);

  CREATE TABLE participants (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    meeting_id    TEXT NOT NULL REFERENCES meetings (id) ON DELETE CASCADE,
    custom_id     TEXT NOT NULL,
    preset_id     TEXT NOT NULL REFERENCES presets (id),
    name          TEXT,
    picture       TEXT,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX participants_by_meeting ON participants (meeting_id, seq);
  CREATE INDEX participants_by_custom_id ON participants (meeting_id, custom_id);
  CREATE INDEX participants_by_preset ON participants (preset_id);

  CREATE TABLE signing_keys (
    purpose       TEXT NOT NULL PRIMARY KEY,
    key_id        TEXT NOT NULL,
    private_key   TEXT NOT NULL,
    public_key    TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
  `,
  // Callbacks that are pending. The partial indexes exclude the failed ones from queries of pending ones.
  `
  CREATE TABLE outbox (
    seq                INTEGER PRIMARY KEY AUTOINCREMENT,
    id                 TEXT NOT NULL UNIQUE,
    app_id             INTEGER NOT NULL,
    dialect            TEXT NOT NULL,
    event              TEXT NOT NULL,
    url                TEXT NOT NULL,
    lane               TEXT NOT NULL,
    body               TEXT NOT NULL,
    created_at_ms      INTEGER NOT NULL,
    attempts           INTEGER NOT NULL,
    next_attempt_at_ms INTEGER NOT NULL,
    failed_at_ms       INTEGER,
    last_status        INTEGER,
    last_error         TEXT
  ) STRICT;
  CREATE INDEX outbox_by_endpoint ON outbox (app_id, url, seq) WHERE failed_at_ms IS NULL;
  CREATE INDEX outbox_by_lane ON outbox (app_id, url, lane, seq) WHERE failed_at_ms IS NULL;
  CREATE INDEX outbox_failed ON outbox (app_id, seq) WHERE failed_at_ms IS NOT NULL;
  `,
  // Rules: who may log in and publish, and which media is forwarded.
  `
  CREATE TABLE rules (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id        INTEGER NOT NULL,
    environment   TEXT NOT NULL CHECK (environment IN ('production', 'test')),
    kind          TEXT NOT NULL,
    subject       TEXT NOT NULL,
    definition    TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    until_ms      INTEGER,
    UNIQUE (app_id, environment, kind, subject)
  ) STRICT;
  CREATE INDEX rules_by_kind ON rules (kind, seq);
  CREATE INDEX rules_by_end ON rules (until_ms) WHERE until_ms IS NOT NULL;
  `,
  // The history of sessions, and registrations of webhooks. A session's milliseconds are those of ended connections; for
  // current ones, it stores their number and the sum of their start times, so that the total can be computed at any time.
  `
  CREATE TABLE sessions (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    app_id        INTEGER NOT NULL,
    meeting_id    TEXT NOT NULL,
    title         TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms   INTEGER,
    end_reason    TEXT,
    live_count    INTEGER NOT NULL,
    live_from_ms  INTEGER NOT NULL,
    peak_count    INTEGER NOT NULL,
    user_count    INTEGER NOT NULL,
    ended_ms      INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    seen_at_ms    INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX sessions_by_app ON sessions (app_id, started_at_ms, seq);
  CREATE INDEX sessions_by_meeting ON sessions (meeting_id, started_at_ms, seq);
  CREATE UNIQUE INDEX sessions_live ON sessions (meeting_id) WHERE ended_at_ms IS NULL;

  CREATE TABLE session_peers (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    session_id   TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    user_id      TEXT NOT NULL,
    custom_id    TEXT NOT NULL,
    name         TEXT NOT NULL,
    preset_name  TEXT NOT NULL,
    view_type    TEXT,
    joined_at_ms INTEGER NOT NULL,
    left_at_ms   INTEGER
  ) STRICT;
  CREATE INDEX session_peers_by_session ON session_peers (session_id, seq);
  CREATE INDEX session_peers_by_user ON session_peers (session_id, user_id, seq);

  CREATE TABLE webhooks (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    app_id        INTEGER NOT NULL REFERENCES apps (app_id),
    name          TEXT NOT NULL,
    url           TEXT NOT NULL,
    events        TEXT NOT NULL,
    enabled       INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    UNIQUE (app_id, url)
  ) STRICT;
  `,
  // List queries read row numbers from one index that covers all their filters and orders, and only the rows of their page.
  // The number of a meeting's participants is stored, not counted.
  `
  DROP INDEX meetings_by_app;
  CREATE INDEX meetings_by_time ON meetings (app_id, created_at_ms, seq, lower(title));
  CREATE INDEX meetings_by_status ON meetings (app_id, status, created_at_ms, seq);

  ALTER TABLE meetings ADD COLUMN participant_count INTEGER NOT NULL DEFAULT 0;
  UPDATE meetings SET participant_count = (SELECT count(*) FROM participants WHERE meeting_id = meetings.id);
  CREATE TRIGGER participant_added AFTER INSERT ON participants BEGIN
    UPDATE meetings SET participant_count = participant_count + 1 WHERE id = NEW.meeting_id;
  END;
  CREATE TRIGGER participant_deleted AFTER DELETE ON participants BEGIN
    UPDATE meetings SET participant_count = participant_count - 1 WHERE id = OLD.meeting_id;
  END;

  DROP INDEX sessions_by_app;
  DROP INDEX sessions_by_meeting;
  CREATE INDEX sessions_by_time ON sessions (app_id, started_at_ms, seq, ended_at_ms, user_count, lower(title));
  CREATE INDEX sessions_by_meeting ON sessions (app_id, meeting_id, started_at_ms, seq);
  CREATE INDEX sessions_open ON sessions (app_id, ended_at_ms, started_at_ms, seq) WHERE ended_at_ms IS NULL;
  CREATE INDEX sessions_by_length ON sessions (app_id, ended_ms, started_at_ms, seq) WHERE ended_at_ms IS NOT NULL;
  `,
  // The chat of sessions. The partial index contains only sessions whose chat is deleted before the session.
  `
  ALTER TABLE sessions ADD COLUMN chat TEXT CHECK (chat IN ('temporary', 'lasting'));
  CREATE INDEX sessions_by_end ON sessions (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
  CREATE INDEX sessions_with_chat ON sessions (ended_at_ms) WHERE chat = 'temporary';

  CREATE TABLE session_chat (
    session_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    name       TEXT NOT NULL,
    text       TEXT NOT NULL,
    is_pinned  INTEGER NOT NULL,
    is_edited  INTEGER NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    PRIMARY KEY (session_id, id)
  ) STRICT, WITHOUT ROWID;
  `,
  // Nonces of calls of Apps that reject replays.
  `
  CREATE TABLE nonces (
    seq           INTEGER PRIMARY KEY,
    app_id        INTEGER NOT NULL,
    digest        TEXT NOT NULL,
    valid_until_s INTEGER NOT NULL,
    UNIQUE (app_id, digest)
  ) STRICT;
  CREATE INDEX nonces_by_end ON nonces (valid_until_s);
  `,
  // The members and streams of live rooms, of Apps with callbacks, for the callbacks after a stop or a crash.
  `
  CREATE TABLE live_rooms (
    app_id      INTEGER NOT NULL,
    environment TEXT NOT NULL,
    room_id     TEXT NOT NULL,
    epoch       TEXT NOT NULL,
    user_seq    INTEGER NOT NULL,
    stream_seq  INTEGER NOT NULL,
    PRIMARY KEY (room_id, app_id, environment)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE live_entries (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    app_id      INTEGER NOT NULL,
    environment TEXT NOT NULL,
    room_id     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    definition  TEXT NOT NULL
  ) STRICT;
  CREATE INDEX live_entries_by_room ON live_entries (room_id, app_id, environment);
  `,
  // Why clients were permanently removed, and the name under which this database's tickets are issued.
  `
  CREATE TABLE ended_tickets (
    scope       TEXT PRIMARY KEY,
    epoch       TEXT,
    seq         INTEGER,
    cause       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    ended_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ended_tickets_by_time ON ended_tickets (ended_at_ms);

  CREATE TABLE server_facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO server_facts (name, value) VALUES ('ticket_issuer', lower(hex(randomblob(8))));
  `,
  // Files of chat messages. A message that is deleted, by whatever, makes its files orphans.
  `
  ALTER TABLE session_chat ADD COLUMN content TEXT;

  CREATE TABLE chat_files (
    file_id       TEXT PRIMARY KEY,
    app_id        INTEGER NOT NULL,
    environment   TEXT NOT NULL,
    room_id       TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    name          TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    size          INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    session_id    TEXT,
    message_id    TEXT,
    is_orphan     INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX chat_files_by_message ON chat_files (session_id, message_id);
  CREATE INDEX chat_file_orphans ON chat_files (file_id) WHERE is_orphan = 1;
  CREATE TRIGGER chat_message_deleted AFTER DELETE ON session_chat WHEN OLD.content IS NOT NULL BEGIN
    UPDATE chat_files SET is_orphan = 1 WHERE session_id = OLD.session_id AND message_id = OLD.id;
  END;
  `,
  // The audit trail, whose rows are never changed, and the replies of commands that may be repeated.
  `
  CREATE TABLE audit (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    term        INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    app_id      INTEGER NOT NULL,
    environment TEXT NOT NULL,
    room_id     TEXT,
    door        TEXT NOT NULL,
    actor       TEXT NOT NULL,
    role        TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    action      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    targets     TEXT NOT NULL,
    details     TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
    error_code  TEXT
  ) STRICT;
  CREATE INDEX audit_by_app ON audit (app_id, seq);
  CREATE INDEX audit_by_room ON audit (app_id, room_id, seq);
  CREATE INDEX audit_by_time ON audit (at_ms);
  CREATE TRIGGER audit_row_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'a row of the audit trail is never changed');
  END;

  CREATE TABLE command_replies (
    command_id  TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    reply       TEXT NOT NULL,
    done_at_ms  INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX command_replies_by_time ON command_replies (done_at_ms);
  `,
  // Tokens of the admin API.
  `
  CREATE TABLE admin_tokens (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash    TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL,
    app_ids       TEXT,
    created_by    TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER
  ) STRICT;
  `,
  // Rules as versioned rows: lifting a rule keeps it. The rules of the earlier table have no known author.
  `
  CREATE TABLE policy_rules (
    id            TEXT PRIMARY KEY,
    app_id        INTEGER NOT NULL,
    environment   TEXT NOT NULL CHECK (environment IN ('production', 'test')),
    version       INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    definition    TEXT NOT NULL,
    author        TEXT NOT NULL,
    reason        TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    until_ms      INTEGER,
    lifted_at_ms  INTEGER,
    lifted_by     TEXT,
    lift_reason   TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX policy_rules_by_version ON policy_rules (app_id, environment, version);
  CREATE INDEX policy_bans ON policy_rules (app_id, environment, version) WHERE kind = 'ban';
  CREATE INDEX policy_rules_current ON policy_rules (until_ms) WHERE lifted_at_ms IS NULL;
  CREATE INDEX policy_rules_lifted ON policy_rules (lifted_at_ms) WHERE lifted_at_ms IS NOT NULL;

  INSERT INTO policy_rules (id, app_id, environment, version, kind, definition, author, reason, created_at_ms, until_ms)
  SELECT
    lower(hex(randomblob(16))), app_id, environment,
    row_number() OVER (PARTITION BY app_id, environment ORDER BY seq),
    iif(kind LIKE 'ban-%', 'ban', kind),
    iif(kind LIKE 'ban-%', json_patch('{}', json_object(
      'list', substr(kind, 5),
      'subject', json_patch('{}', json_object(
        'userId', json_extract(definition, '$.scope.userId'),
        'addresses', json_extract(definition, '$.scope.address')
      )),
      'roomId', json_extract(definition, '$.scope.roomId'),
      'privileges', json_extract(definition, '$.privileges')
    )), definition),
    'unknown', '', created_at_ms, until_ms
  FROM rules;
  DROP TABLE rules;
  `,
  // Earlier secrets of an App, which are valid beside the one that replaced them.
  `
  ALTER TABLE apps ADD COLUMN earlier_secrets TEXT;
  `,
  // When an owner was shown the secrets of an App: they are shown once.
  `
  ALTER TABLE apps ADD COLUMN secrets_shown_at_ms INTEGER;
  `,
  // The nodes that have sessions, live rooms and callbacks: a node that starts ends and sends those of no other.
  `
  ALTER TABLE sessions ADD COLUMN owner TEXT NOT NULL DEFAULT 'local';
  ALTER TABLE live_rooms ADD COLUMN owner TEXT NOT NULL DEFAULT 'local';
  ALTER TABLE outbox ADD COLUMN owner TEXT NOT NULL DEFAULT 'local';
  `,
];
