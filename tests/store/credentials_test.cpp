#include "parley/store/credentials.hpp"

#include <gtest/gtest.h>

#include "either_store.hpp"
#include "parley/store/media.hpp"
#include "parley/store/seal_rotation.hpp"

namespace parley::store {
namespace {

Sealer with(const std::vector<std::string>& digits) {
    std::vector<Secret> keys;
    for (const auto& digit : digits) {
        std::string key;
        for (int i = 0; i < 64; ++i) key += digit;
        keys.emplace_back(key);
    }
    return Sealer(keys);
}

class Credentials : public EitherStore {
protected:
    Credentials() { database = open(); }
    ~Credentials() override { database.reset(); }
    template <class T>
    T in(const std::function<T(Session&)>& work) {
        std::optional<T> made;
        database->transact([&](Session& session) { made.emplace(work(session)); });
        return std::move(*made);
    }
    Credential credential(const std::string& agent, const std::vector<std::string>& numbers) {
        Credential c;
        c.agent = agent;
        c.accountsid = "AC0123456789abcdef0123456789abcdef";
        c.authtoken = Secret("token-of-" + agent);
        c.phonenumbers = numbers;
        c.holdtext = "One moment.";
        c.whitelistedcallers = {"+49*"};
        return c;
    }
    Credential put(const Sealer& sealer, const Credential& c) {
        return in<Credential>([&](Session& s) { return put_credential(s, sealer, c); });
    }
    std::optional<Credential> load(const Sealer& sealer, const std::string& agent) {
        return in<std::optional<Credential>>([&](Session& s) { return load_credential(s, sealer, agent); });
    }
    std::unique_ptr<Database> database;
};
INSTANTIATE_ON_BOTH(Credentials);

TEST_P(Credentials, AreKeptSealedAndReadBack) {
    const auto sealer = with({"1"});
    auto given = credential("front", {"+49302", "+49301"});
    given.previous_token = Secret("the-one-before");
    given.previous_until_ms = 17;
    const auto kept = put(sealer, given);
    EXPECT_GT(kept.created_ms, 0);
    const auto got = load(sealer, "front");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->authtoken.reveal(), "token-of-front");
    EXPECT_EQ(got->previous_token.reveal(), "the-one-before");
    EXPECT_EQ(got->previous_until_ms, 17);
    EXPECT_EQ(got->phonenumbers, (std::vector<std::string>{"+49302", "+49301"}));
    EXPECT_EQ(got->whitelistedcallers, std::vector<std::string>{"+49*"});
    EXPECT_EQ(got->holdtext, "One moment.");
    const auto raw = in<std::string>([](Session& s) { return s.run("SELECT authtoken FROM agent_credentials").front().text(0); });
    EXPECT_TRUE(is_sealed(raw));
    EXPECT_EQ(raw.find("token-of"), std::string::npos);
    EXPECT_FALSE(load(sealer, "back"));
}

TEST_P(Credentials, ANumberHasOneAgent) {
    const auto sealer = with({"1"});
    put(sealer, credential("front", {"+49301"}));
    try {
        put(sealer, credential("back", {"+49302", "+49301"}));
        FAIL();
    } catch (const StoreError& e) {
        EXPECT_EQ(e.code(), StoreErrc::constraint);
    }
    EXPECT_FALSE(load(sealer, "back"));  // all or nothing
    EXPECT_EQ(in<std::string>([](Session& s) { return number_owner(s, "+49301"); }), "front");
    put(sealer, credential("front", {}));
    put(sealer, credential("back", {"+49301"}));
    EXPECT_EQ(in<std::string>([](Session& s) { return number_owner(s, "+49301"); }), "back");
    EXPECT_TRUE(in<bool>([](Session& s) { return erase_credential(s, "back"); }));
    EXPECT_FALSE(in<bool>([](Session& s) { return erase_credential(s, "back"); }));
    EXPECT_EQ(in<std::string>([](Session& s) { return number_owner(s, "+49301"); }), "");
}

TEST_P(Credentials, ASecretCopiedToAnotherRowDoesNotOpenThere) {
    const auto sealer = with({"1"});
    put(sealer, credential("front", {}));
    put(sealer, credential("back", {}));
    database->transact([](Session& s) {
        s.run("UPDATE agent_credentials SET authtoken = (SELECT authtoken FROM agent_credentials WHERE agent = 'front') WHERE agent = 'back'");
    });
    const auto got = load(sealer, "back");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->sealed_shut, make_error_code(SealErrc::damaged));
    EXPECT_TRUE(got->authtoken.empty());
    EXPECT_FALSE(load(sealer, "front")->sealed_shut);
    EXPECT_EQ(load(with({"2"}), "front")->sealed_shut, make_error_code(SealErrc::unknown_key));
}

TEST_P(Credentials, EveryChangeCounts) {
    const auto sealer = with({"1"});
    const auto revision = [&] { return in<std::int64_t>([](Session& s) { return credentials_revision(s); }); };
    auto before = revision();
    put(sealer, credential("front", {}));
    EXPECT_EQ(revision(), ++before);
    const auto id = in<MediaInfo>([](Session& s) { return put_media(s, {{.type = "audio/wav", .bytes = 3}, {1, 2, 3}}); }).id;
    database->transact([&](Session& s) { set_agent_media(s, "front", "holdmusic", id); });
    EXPECT_EQ(revision(), ++before);
    EXPECT_EQ(load(sealer, "front")->holdmusic, id);
    in<bool>([](Session& s) { return erase_agent_media(s, "front", "holdmusic"); });
    EXPECT_EQ(revision(), ++before);
    in<bool>([](Session& s) { return erase_agent_media(s, "front", "holdmusic"); });
    EXPECT_EQ(revision(), before);
    in<bool>([](Session& s) { return erase_credential(s, "front"); });
    EXPECT_EQ(revision(), ++before);
}

TEST_P(Credentials, MediaIsKeptUnderItsDigestOnceAndChecked) {
    const std::vector<std::uint8_t> sound(1000, 7);
    const auto first = in<MediaInfo>([&](Session& s) { return put_media(s, {{.type = "audio/wav", .bytes = 1044, .duration_ms = 125}, sound}); });
    const auto second = in<MediaInfo>([&](Session& s) { return put_media(s, {{.type = "audio/mpeg", .bytes = 99}, sound}); });
    EXPECT_TRUE(is_media_id(first.id));
    EXPECT_EQ(first.id, second.id);
    EXPECT_EQ(second.type, "audio/wav");
    EXPECT_EQ(in<std::int64_t>([](Session& s) { return s.run("SELECT count(*) FROM media").front().integer(0); }), 1);
    const auto loaded = in<std::optional<Media>>([&](Session& s) { return load_media(s, first.id); });
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->mulaw, sound);
    EXPECT_EQ(loaded->info.duration_ms, 125);
    // What is no longer what its name says is not played.
    database->transact([](Session& s) { s.run("UPDATE media SET mulaw = $1", {Blob{1, 2, 3}}); });
    EXPECT_FALSE(in<std::optional<Media>>([&](Session& s) { return load_media(s, first.id); }));
    EXPECT_EQ(in<std::size_t>([](Session& s) { return sweep_media(s, now_ms() - 1000); }), 0U);
    database->transact([&](Session& s) { set_agent_media(s, "front", "holdaudio", first.id); });
    EXPECT_EQ(in<std::size_t>([](Session& s) { return sweep_media(s, now_ms() + 1000); }), 0U);
    in<bool>([](Session& s) { return erase_agent_media(s, "front", "holdaudio"); });
    EXPECT_EQ(in<std::size_t>([](Session& s) { return sweep_media(s, now_ms() + 1000); }), 1U);
}

TEST(MediaId, HasOneForm) {
    EXPECT_TRUE(is_media_id("media:" + std::string(64, 'a')));
    for (const auto& wrong :
         {std::string("media:"), "media:" + std::string(63, 'a'), "media:" + std::string(64, 'A'), "media:../" + std::string(61, 'a'), std::string(70, 'a')})
        EXPECT_FALSE(is_media_id(wrong)) << wrong;
}

TEST_P(Credentials, RotationSealsEverythingUnderTheFirstKeyAndCanBeRepeated) {
    const auto old = with({"1"});
    for (int i = 0; i < 250; ++i) {
        auto c = credential("agent" + std::to_string(i), {});
        if (i % 2 == 0) c.previous_token = Secret("before");
        put(old, c);
    }
    const auto both = with({"2", "1"});
    auto counts = check_seals(*database, both);
    ASSERT_GE(counts.size(), 2U);
    EXPECT_EQ(counts[0].seen, 250U);
    EXPECT_EQ(counts[0].old, 250U);
    EXPECT_EQ(counts[1].seen, 125U);
    counts = rotate_seals(*database, both);
    EXPECT_EQ(counts[0].changed, 250U);
    EXPECT_EQ(counts[1].changed, 125U);
    EXPECT_EQ(load(with({"2"}), "agent7")->authtoken.reveal(), "token-of-agent7");
    EXPECT_EQ(load(with({"2"}), "agent8")->previous_token.reveal(), "before");
    counts = rotate_seals(*database, both);
    EXPECT_EQ(counts[0].seen, 250U);
    EXPECT_EQ(counts[0].changed, 0U);
    EXPECT_EQ(check_seals(*database, with({"2"}))[0].old, 0U);
    EXPECT_THROW((void)rotate_seals(*database, Sealer()), SealError);
}

TEST_P(Credentials, ARotationThatWasInterruptedGoesOn) {
    const auto old = with({"1"});
    for (int i = 0; i < 150; ++i) put(old, credential("agent" + std::to_string(100 + i), {}));
    const auto both = with({"2", "1"});
    // The first page is committed, then somebody pulls the plug.
    database->transact([&](Session& s) {
        for (int i = 0; i < 100; ++i) put_credential(s, with({"2"}), credential("agent" + std::to_string(100 + i), {}));
    });
    const auto counts = rotate_seals(*database, both);
    EXPECT_EQ(counts[0].seen, 150U);
    EXPECT_EQ(counts[0].changed, 50U);
}

TEST_P(Credentials, WhatDoesNotOpenIsCountedAndLeftAlone) {
    put(with({"1"}), credential("front", {}));
    put(with({"3"}), credential("lost", {}));
    const auto raw = [&] {
        return in<std::string>([](Session& s) { return s.run("SELECT authtoken FROM agent_credentials WHERE agent = 'lost'").front().text(0); });
    };
    const auto before = raw();
    const auto counts = rotate_seals(*database, with({"2", "1"}));
    EXPECT_EQ(counts[0].changed, 1U);
    EXPECT_EQ(counts[0].shut, 1U);
    ASSERT_EQ(counts[0].shut_contexts.size(), 1U);
    EXPECT_NE(counts[0].shut_contexts[0].find("agent_credentials/lost"), std::string::npos);
    EXPECT_EQ(raw(), before);
    EXPECT_EQ(check_seals(*database, with({"2"}))[0].shut, 1U);
}

TEST_P(Credentials, ARowChangedMeanwhileIsLeftToWhoChangedIt) {
    put(with({"1"}), credential("front", {}));
    const auto& place = sealed_places().front();
    database->transact([&](Session& s) { s.run(place.replace, {std::string("sealed:v1:stale"), std::string("front"), std::string("not what is there")}); });
    EXPECT_EQ(load(with({"1"}), "front")->authtoken.reveal(), "token-of-front");
}

}  // namespace
}  // namespace parley::store
