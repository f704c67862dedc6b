#include "parley/twilio/stream_token.hpp"

#include <gtest/gtest.h>

namespace parley::twilio {
namespace {

const std::string kCall = "CA0123456789abcdef0123456789abcdef";
const std::string kAccount = "AC0123456789abcdef0123456789abcdef";
constexpr TokenTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21);
using std::chrono::seconds;

Secret key(char fill = 'k') {
    return Secret(std::string(32, fill));
}

StreamClaims claims() {
    return {.call_sid = kCall,
            .account_sid = kAccount,
            .agent = "receptionist",
            .tenant = "acme",
            .revision = "r7",
            .from = "+4915112345612",
            .to = "+4930123456",
            .resume = 2};
}

TEST(StreamToken, carries_its_claims) {
    const StreamTokens tokens({{1, key()}});
    const auto token = tokens.mint(claims(), "seed", kNow);
    ASSERT_TRUE(token);
    EXPECT_LT(token->size(), 300U);
    const auto back = tokens.verify(*token, kCall, kAccount, kNow + seconds(5));
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(back->call_sid, kCall);
    EXPECT_EQ(back->account_sid, kAccount);
    EXPECT_EQ(back->agent, "receptionist");
    EXPECT_EQ(back->tenant, "acme");
    EXPECT_EQ(back->revision, "r7");
    EXPECT_EQ(back->from, "+4915112345612");
    EXPECT_EQ(back->to, "+4930123456");
    EXPECT_EQ(back->resume, 2);
    EXPECT_EQ(back->issued, kNow);
    EXPECT_EQ(back->expires, kNow + seconds(60));
}

TEST(StreamToken, same_call_and_seed_give_the_same_bytes) {
    const StreamTokens a({{1, key()}});
    const StreamTokens b({{1, key()}});  // another instance
    EXPECT_EQ(*a.mint(claims(), "seed", kNow), *b.mint(claims(), "seed", kNow));
    EXPECT_NE(*a.mint(claims(), "seed", kNow), *a.mint(claims(), "other", kNow));
    EXPECT_NE(*a.mint(claims(), "seed", kNow), *a.mint(claims(), "seed", kNow + seconds(1)));
}

TEST(StreamToken, lifetime_with_leeway) {
    const StreamTokens tokens({{1, key()}});
    const auto token = *tokens.mint(claims(), "seed", kNow);
    EXPECT_TRUE(tokens.verify(token, kCall, kAccount, kNow + seconds(120)));
    EXPECT_EQ(tokens.verify(token, kCall, kAccount, kNow + seconds(121)).error(), errc::token_expired);
    EXPECT_TRUE(tokens.verify(token, kCall, kAccount, kNow - seconds(60)));
    EXPECT_EQ(tokens.verify(token, kCall, kAccount, kNow - seconds(61)).error(), errc::token_not_yet_valid);
}

TEST(StreamToken, bound_to_call_and_account) {
    const StreamTokens tokens({{1, key()}});
    const auto token = *tokens.mint(claims(), "seed", kNow);
    EXPECT_EQ(tokens.verify(token, "CA" + std::string(32, '1'), kAccount, kNow).error(), errc::token_binding);
    EXPECT_EQ(tokens.verify(token, kCall, "AC" + std::string(32, '1'), kNow).error(), errc::token_binding);
    EXPECT_EQ(tokens.verify(token, "", "", kNow).error(), errc::token_binding);
}

TEST(StreamToken, every_changed_character_is_noticed) {
    const StreamTokens tokens({{1, key()}});
    const auto token = *tokens.mint(claims(), "seed", kNow);
    for (std::size_t i = 0; i < token.size(); ++i) {
        for (const char c : {'A', 'B', '_', '-', '9', '=', '+', ' ', '\0'}) {
            if (token[i] == c) continue;
            std::string changed = token;
            changed[i] = c;
            EXPECT_FALSE(tokens.verify(changed, kCall, kAccount, kNow)) << i << c;
        }
    }
    for (std::size_t i = 0; i < token.size(); ++i) {
        EXPECT_FALSE(tokens.verify(token.substr(0, i), kCall, kAccount, kNow)) << i;
    }
    EXPECT_FALSE(tokens.verify(token + "A", kCall, kAccount, kNow));
    EXPECT_EQ(tokens.verify(std::string(100'000, 'A'), kCall, kAccount, kNow).error(), errc::token_malformed);
}

TEST(StreamToken, keys_rotate_with_overlap) {
    const StreamTokens before({{1, key('a')}});
    const StreamTokens both({{2, key('b')}, {1, key('a')}});
    const StreamTokens after({{2, key('b')}});
    const auto old_token = *before.mint(claims(), "s", kNow);
    const auto new_token = *both.mint(claims(), "s", kNow);
    EXPECT_TRUE(both.verify(old_token, kCall, kAccount, kNow));
    EXPECT_TRUE(after.verify(new_token, kCall, kAccount, kNow));
    EXPECT_EQ(after.verify(old_token, kCall, kAccount, kNow).error(), errc::token_unknown_key);
    const StreamTokens impostor({{2, key('c')}});
    EXPECT_EQ(after.verify(*impostor.mint(claims(), "s", kNow), kCall, kAccount, kNow).error(), errc::token_tampered);
}

TEST(StreamToken, refuses_claims_that_do_not_fit) {
    const StreamTokens tokens({{1, key()}});
    StreamClaims c = claims();
    c.agent.assign(kMaxTokenFieldBytes, 'x');
    EXPECT_TRUE(tokens.mint(c, "s", kNow));
    c.agent.push_back('x');
    EXPECT_EQ(tokens.mint(c, "s", kNow).error(), errc::token_claims);
    c = claims();
    c.call_sid = "";
    EXPECT_EQ(tokens.mint(c, "s", kNow).error(), errc::token_claims);
    EXPECT_EQ(tokens.mint(claims(), "s", std::chrono::sys_days(std::chrono::year(1970) / 1 / 2)).error(), errc::token_claims);
    EXPECT_EQ(tokens.mint(claims(), "s", std::chrono::sys_days(std::chrono::year(2100) / 1 / 1)).error(), errc::token_claims);
}

TEST(StreamToken, other_identifiers_than_twilios_survive) {
    const StreamTokens tokens({{1, key()}});
    for (const std::string sid : {"CAsimulated-7", "CA0123456789ABCDEF0123456789ABCDEF", "x"}) {
        StreamClaims c = claims();
        c.call_sid = sid;
        const auto back = tokens.verify(*tokens.mint(c, "s", kNow), sid, kAccount, kNow);
        ASSERT_TRUE(back) << sid;
        EXPECT_EQ(back->call_sid, sid);
    }
}

TEST(StreamToken, bad_keys_are_a_start_up_error) {
    EXPECT_THROW(StreamTokens({}), std::invalid_argument);
    EXPECT_THROW(StreamTokens({{1, Secret("short")}}), std::invalid_argument);
    EXPECT_THROW(StreamTokens({{1, key('a')}, {1, key('b')}}), std::invalid_argument);
    EXPECT_THROW(StreamTokens({{1, key()}}, seconds(0)), std::invalid_argument);
}

TEST(StreamToken, long_tokens_are_split_below_the_parameter_limit) {
    const StreamTokens tokens({{1, key()}});
    StreamClaims c = claims();
    for (std::string* f : {&c.agent, &c.tenant, &c.revision, &c.from, &c.to}) f->assign(kMaxTokenFieldBytes, 'x');
    const auto token = *tokens.mint(c, "s", kNow);
    const auto parts = token_parameters(token);
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].first, "t");
    EXPECT_EQ(parts[1].first, "t2");
    for (const auto& [name, value] : parts) EXPECT_LT(name.size() + value.size(), 500U);
    const auto find = [&](std::string_view name) {
        for (const auto& [n, v] : parts) {
            if (n == name) return std::string_view(v);
        }
        return std::string_view();
    };
    EXPECT_EQ(join_token(find), token);
    EXPECT_EQ(token_parameters(std::string(498, 'a')).size(), 1U);
    EXPECT_EQ(token_parameters(std::string(499, 'a')).size(), 2U);
}

TEST(UsedTokens, once_and_bounded) {
    UsedTokens used(2);
    const auto claim = [](std::uint8_t n) {
        StreamClaims c;
        c.nonce[0] = n;
        c.expires = kNow + seconds(60);
        return c;
    };
    EXPECT_EQ(used.use(claim(1), kNow), UsedTokens::Use::first);
    EXPECT_EQ(used.use(claim(1), kNow), UsedTokens::Use::again);
    EXPECT_EQ(used.use(claim(1), kNow + seconds(120)),
              UsedTokens::Use::again);  // still verifiable, so still remembered
    EXPECT_EQ(used.use(claim(2), kNow), UsedTokens::Use::first);
    EXPECT_EQ(used.use(claim(3), kNow), UsedTokens::Use::full);
    EXPECT_EQ(used.size(), 2U);
    EXPECT_EQ(used.use(claim(3), kNow + seconds(121)), UsedTokens::Use::first);
    EXPECT_EQ(used.size(), 1U);
}

}  // namespace
}  // namespace parley::twilio
