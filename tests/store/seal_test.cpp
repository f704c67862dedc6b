#include "parley/store/seal.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace parley::store {
namespace {

const std::string kHexKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string kOtherKey = "f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

Sealer with(const std::vector<std::string>& keys) {
    std::vector<Secret> secrets;
    for (const auto& key : keys) secrets.emplace_back(key);
    return Sealer(secrets);
}

TEST(Seal, RoundTripsOfEveryLength) {
    const auto sealer = with({kHexKey});
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 32U, 1000U, 100000U}) {
        const std::string plain(size, 'x');
        const auto sealed = sealer.seal(plain, "t/r#f");
        EXPECT_TRUE(is_sealed(sealed));
        EXPECT_EQ(sealed.find("xxxxx"), std::string::npos);
        const auto back = sealer.open(sealed, "t/r#f");
        ASSERT_TRUE(back) << size;
        EXPECT_EQ(back->reveal(), plain);
    }
}

TEST(Seal, NamesItsKeyByTheFirstDigitsOfItsDigest) {
    // sha256 of bytes 00…1f: 630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd
    EXPECT_EQ(with({kHexKey}).key_id(), "630dcd29");
    EXPECT_TRUE(with({kHexKey}).seal("a", "c").starts_with("sealed:v1:630dcd29:"));
}

TEST(Seal, TheSameValueTwiceIsNotTheSameText) {
    const auto sealer = with({kHexKey});
    EXPECT_NE(sealer.seal("secret", "c"), sealer.seal("secret", "c"));
}

TEST(Seal, EveryChangedCharacterIsNoticed) {
    const auto sealer = with({kHexKey});
    const auto sealed = sealer.seal("a secret of some length", "t/r#f");
    for (std::size_t i = 0; i < sealed.size(); ++i)
        for (const char to : {'A', 'b', '0', '-', '_', '=', '\0', '\xff'}) {
            if (sealed[i] == to) continue;
            auto changed = sealed;
            changed[i] = to;
            EXPECT_FALSE(sealer.open(changed, "t/r#f")) << i << " to " << static_cast<int>(to);
        }
}

TEST(Seal, EveryFlippedBitOfTheBoxIsNoticed) {
    const auto sealer = with({kHexKey});
    const auto sealed = sealer.seal("s", "c");
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (std::size_t i = std::string("sealed:v1:630dcd29:").size(); i < sealed.size(); ++i)
        for (unsigned bit = 0; bit < 6; ++bit) {
            auto changed = sealed;
            changed[i] = kAlphabet[kAlphabet.find(sealed[i]) ^ (1U << bit)];
            EXPECT_FALSE(sealer.open(changed, "c")) << i << " bit " << bit;
        }
}

TEST(Seal, EveryTruncationIsNoticed) {
    const auto sealer = with({kHexKey});
    const auto sealed = sealer.seal("a secret", "c");
    for (std::size_t size = 0; size < sealed.size(); ++size) EXPECT_FALSE(sealer.open(sealed.substr(0, size), "c")) << size;
    EXPECT_FALSE(sealer.open(sealed + "A", "c"));
    EXPECT_FALSE(sealer.open(sealed + sealed, "c"));
}

struct WrongCase {
    const char* name;
    std::string text, context;
    SealErrc want;
};
class WrongSeals : public testing::TestWithParam<WrongCase> {};
TEST_P(WrongSeals, AreRefusedWithTheirReason) {
    auto text = GetParam().text;
    if (text == "good") text = with({kHexKey}).seal("secret", "agents/front#token");
    if (text == "other") text = with({kOtherKey}).seal("secret", "agents/front#token");
    const auto opened = with({kHexKey}).open(text, GetParam().context);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), make_error_code(GetParam().want));
}
INSTANTIATE_TEST_SUITE_P(Cases, WrongSeals,
                         testing::Values(WrongCase{"another_row", "good", "agents/back#token", SealErrc::damaged},
                                         WrongCase{"another_field", "good", "agents/front#secret", SealErrc::damaged},
                                         WrongCase{"no_context", "good", "", SealErrc::damaged},
                                         WrongCase{"another_key", "other", "agents/front#token", SealErrc::unknown_key},
                                         WrongCase{"empty", "", "c", SealErrc::malformed}, WrongCase{"plain", "secret", "c", SealErrc::malformed},
                                         WrongCase{"prefix_only", "sealed:v1:", "c", SealErrc::malformed},
                                         WrongCase{"no_box", "sealed:v1:630dcd29:", "c", SealErrc::malformed},
                                         WrongCase{"another_version", "sealed:v2:630dcd29:AAAA", "c", SealErrc::malformed},
                                         WrongCase{"no_digits", "sealed:v1:XXXXXXXX:AAAA", "c", SealErrc::malformed},
                                         WrongCase{"zeros", "sealed:v1:630dcd29:" + std::string(200, 'A'), "c", SealErrc::damaged}),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Seal, AnOldKeyOpensAndTheFirstSealsAnew) {
    const auto old = with({kOtherKey}).seal("secret", "c");
    const auto both = with({kHexKey, kOtherKey});
    ASSERT_TRUE(both.open(old, "c"));
    EXPECT_FALSE(both.current(old));
    const auto fresh = both.reseal(old, "c");
    ASSERT_TRUE(fresh);
    EXPECT_TRUE(both.current(*fresh));
    EXPECT_EQ(with({kHexKey}).open(*fresh, "c")->reveal(), "secret");
    EXPECT_EQ(*both.reseal(*fresh, "c"), *fresh);
    EXPECT_EQ(both.reseal(old, "d").error(), make_error_code(SealErrc::damaged));
}

TEST(Seal, WithoutAKeyNothingIsSealed) {
    try {
        (void)Sealer().seal("a", "c");
        FAIL();
    } catch (const SealError& e) {
        EXPECT_EQ(e.code(), SealErrc::no_key);
    }
    EXPECT_EQ(Sealer().open(with({kHexKey}).seal("a", "c"), "c").error(), make_error_code(SealErrc::unknown_key));
}

TEST(Seal, KeysAreThirtyTwoBytesInEitherForm) {
    const auto made = make_seal_key();
    EXPECT_EQ(made.reveal().size(), 44U);
    EXPECT_EQ(parse_seal_key(made.reveal()).reveal().size(), 32U);
    EXPECT_EQ(parse_seal_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").reveal(), parse_seal_key(kHexKey).reveal());
    EXPECT_EQ(parse_seal_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").reveal(), parse_seal_key(kHexKey).reveal());
    for (const auto& wrong :
         {std::string(), std::string("short"), std::string(63, 'a'), std::string(64, 'g'), std::string(65, 'a'), std::string(44, '!'), std::string(43, 'B')}) {
        EXPECT_THROW((void)parse_seal_key(wrong), SealError) << wrong;
    }
    try {
        (void)with({kHexKey, "hunter2hunter2"});
        FAIL();
    } catch (const SealError& e) {
        EXPECT_NE(std::string(e.what()).find("key 2"), std::string::npos);
        EXPECT_EQ(std::string(e.what()).find("hunter2"), std::string::npos);
    }
}

TEST(SealDocument, SealsWhatIsSecretAndOpensItInItsPlaceOnly) {
    const auto sealer = with({kHexKey});
    const std::string json = R"({"name":"front","headers":{"a/b":"s3cr3t","n":1},"list":["one","two"],"empty":""})";
    const auto secret = [](std::string_view pointer) { return pointer.starts_with("/headers/") || pointer == "/list/1" || pointer == "/empty"; };
    const auto sealed = sealer.seal_document(json, "agents/front/1", secret);
    EXPECT_EQ(sealed.find("s3cr3t"), std::string::npos);
    EXPECT_EQ(sealed.find("two"), std::string::npos);
    EXPECT_NE(sealed.find("\"one\""), std::string::npos);
    EXPECT_NE(sealed.find("\"empty\":\"\""), std::string::npos);
    const auto opened = sealer.open_document(sealed, "agents/front/1");
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->reveal(), json);
    EXPECT_EQ(sealer.open_document(sealed, "agents/front/2").error(), make_error_code(SealErrc::damaged));
    const auto rotated = with({kOtherKey, kHexKey}).reseal_document(sealed, "agents/front/1");
    ASSERT_TRUE(rotated);
    EXPECT_EQ(with({kOtherKey}).open_document(*rotated, "agents/front/1")->reveal(), json);
    EXPECT_EQ(*with({kOtherKey}).reseal_document(*rotated, "agents/front/1"), *rotated);
}

TEST(SealDocument, RefusesWhatIsNoDocument) {
    const auto sealer = with({kHexKey});
    EXPECT_THROW((void)sealer.seal_document("{", "r", [](std::string_view) { return true; }), SealError);
    EXPECT_THROW((void)sealer.seal_document(R"({"a":"sealed:v1:x"})", "r", [](std::string_view) { return false; }), SealError);
    EXPECT_EQ(sealer.open_document("nothing", "r").error(), make_error_code(SealErrc::malformed));
    std::string deep;
    for (int i = 0; i < 80; ++i) deep += "[";
    deep += "\"a\"";
    for (int i = 0; i < 80; ++i) deep += "]";
    EXPECT_EQ(sealer.open_document(deep, "r").error(), make_error_code(SealErrc::malformed));
}

class SealKeyFile : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "parley-seal-XXXXXX").string();
        directory = ::mkdtemp(pattern.data());
    }
    void TearDown() override { std::filesystem::remove_all(directory); }
    std::filesystem::path directory;
};

TEST_F(SealKeyFile, IsMadeOnceForItsOwnerAlone) {
    const auto path = directory / "var" / "seal.key";
    const auto first = open_key_file(path);
    EXPECT_TRUE(first.made);
    struct stat about{};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    const auto second = open_key_file(path);
    EXPECT_FALSE(second.made);
    EXPECT_EQ(first.key.reveal(), second.key.reveal());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory / "var"), std::filesystem::directory_iterator()), 1);
}

TEST_F(SealKeyFile, IsRefusedWhenOthersCanReadItOrItIsNoKey) {
    const auto path = directory / "seal.key";
    (void)open_key_file(path);
    std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
    EXPECT_THROW((void)open_key_file(path), std::runtime_error);
    std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::remove);
    std::ofstream(path) << "no key\n";
    EXPECT_THROW((void)open_key_file(path), SealError);
}

}  // namespace
}  // namespace parley::store
