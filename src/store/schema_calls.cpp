#include "schema.hpp"

namespace parley::store {

// facts: everything that was told about each call, in the order it was told. records: which calls (and talks by message) there are facts of.
// history: a row for each call, kept in step with its facts in the transaction that keeps them. call_lines: what was said, for the search.
// record_instances: who writes; a call whose writer's lease ran out is brought to its end by another one.
std::vector<Migration> schema_calls() {
    return {{"checkpoints", 1, R"(
CREATE TABLE checkpoints(
    call_sid TEXT PRIMARY KEY,
    json TEXT NOT NULL,
    instance TEXT NOT NULL,
    saved_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) {strict};
CREATE INDEX checkpoints_expiry ON checkpoints(expires_ms);
)"},
            {"calls", 1, R"(
CREATE TABLE facts(
    id {id},
    fact_id TEXT NOT NULL,
    call_sid TEXT NOT NULL,
    kind TEXT NOT NULL,
    json TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) {strict};
CREATE UNIQUE INDEX facts_fact ON facts(fact_id);
CREATE INDEX facts_call ON facts(call_sid, id);
CREATE TABLE records(
    call_sid TEXT PRIMARY KEY,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL
) {strict};
CREATE INDEX records_last ON records(last_ms, call_sid);
CREATE TABLE history(
    guid TEXT PRIMARY KEY,
    call_sid TEXT NOT NULL,
    agent TEXT NOT NULL,
    agent_token TEXT NOT NULL,
    channel TEXT NOT NULL,
    direction TEXT NOT NULL,
    from_number TEXT NOT NULL,
    to_number TEXT NOT NULL,
    country TEXT NOT NULL,
    page_url TEXT NOT NULL,
    display TEXT NOT NULL,
    caller_profile TEXT NOT NULL,
    answer TEXT NOT NULL,
    status TEXT NOT NULL,
    end_reason TEXT NOT NULL,
    end_detail TEXT NOT NULL,
    rejection_reason TEXT NOT NULL,
    rejection_detail TEXT NOT NULL,
    model TEXT NOT NULL,
    revision TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    live_ms INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    final INTEGER NOT NULL,
    finish_after_ms INTEGER NOT NULL,
    instance TEXT NOT NULL
) {strict};
CREATE UNIQUE INDEX history_call ON history(call_sid);
CREATE INDEX history_started ON history(started_ms, guid);
CREATE INDEX history_agent ON history(agent, started_ms, guid);
CREATE INDEX history_number ON history(from_number, started_ms);
CREATE INDEX history_open ON history(finish_after_ms) WHERE final = 0;
CREATE TABLE call_lines(
    id {id},
    call_sid TEXT NOT NULL,
    line TEXT NOT NULL
) {strict};
CREATE INDEX call_lines_call ON call_lines(call_sid);
CREATE TABLE record_instances(
    instance TEXT PRIMARY KEY,
    lease_until_ms INTEGER NOT NULL
) {strict};
)"},
            {"calls", 2, R"(
CREATE VIRTUAL TABLE call_search USING fts5(line, tokenize = 'unicode61 remove_diacritics 2');
CREATE TRIGGER call_lines_in AFTER INSERT ON call_lines BEGIN INSERT INTO call_search(rowid, line) VALUES(new.id, new.line); END;
CREATE TRIGGER call_lines_out AFTER DELETE ON call_lines BEGIN DELETE FROM call_search WHERE rowid = old.id; END;
CREATE TRIGGER call_lines_new AFTER UPDATE OF line ON call_lines BEGIN UPDATE call_search SET line = new.line WHERE rowid = new.id; END;
)",
             Dialect::sqlite},
            {"calls", 3, "CREATE INDEX call_lines_words ON call_lines USING gin(to_tsvector('simple', line))", Dialect::postgresql},
            // What was said, cut into words by us (search_words.hpp); of older lines as well as PostgreSQL can do it alone: the accents of Western Europe.
            {"calls", 4, R"(
ALTER TABLE call_lines ADD COLUMN words TEXT NOT NULL DEFAULT '';
UPDATE call_lines SET words = btrim(regexp_replace(lower(translate(line, 'ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿ', 'AAAAAACEEEEIIIINOOOOOUUUUYaaaaaaceeeeiiiinooooouuuuyy')), '[\x01-\x2f\x3a-\x60\x7b-\x7f]+', ' ', 'g'));
DROP INDEX call_lines_words;
CREATE INDEX call_lines_search ON call_lines USING gin(string_to_array(words, ' '));
)",
             Dialect::postgresql}};
}

}  // namespace parley::store
