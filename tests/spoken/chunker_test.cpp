#include "parley/spoken/chunker.hpp"

#include <gmock/gmock.h>

#include <random>

namespace parley::spoken {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

std::vector<std::string> texts(const std::vector<Piece>& pieces) {
    std::vector<std::string> out;
    for (const Piece& piece : pieces) out.push_back(piece.text);
    return out;
}

std::vector<Piece> whole(std::string_view text, ChunkSettings settings = {}) {
    Chunker chunker(std::move(settings));
    std::vector<Piece> out = chunker.push(text);
    for (Piece& piece : chunker.finish()) out.push_back(std::move(piece));
    return out;
}

ChunkSettings sentences() {
    ChunkSettings settings;
    settings.first_clause = false;
    return settings;
}

struct Case {
    std::string_view text;
    std::vector<std::string> pieces;
};

TEST(Chunker, sentences_end_where_they_end) {
    const std::vector<Case> cases{
        {"One. Two! Three? Four", {"One.", "Two!", "Three?", "Four"}},
        {"Pi is 3.14. Next.", {"Pi is 3.14.", "Next."}},
        {"It has 1,000 rows. Good.", {"It has 1,000 rows.", "Good."}},
        {"At 10:30. Then at 10.30 it rang.", {"At 10:30.", "Then at 10.30 it rang."}},
        {"Dr. Smith and Mrs. Jones came. They left.", {"Dr. Smith and Mrs. Jones came.", "They left."}},
        {"Prof. Dr. Meyer is here.", {"Prof. Dr. Meyer is here."}},
        {"Fruit, e.g. apples. Or pears, i.e. Conference.", {"Fruit, e.g. apples.", "Or pears, i.e. Conference."}},
        {"He is in the U.S. Army. Now.", {"He is in the U.S. Army.", "Now."}},
        {"He lives in the U.S. The weather is fine.", {"He lives in the U.S.", "The weather is fine."}},
        {"St. Louis is far. I live on Main St. The house is red.", {"St. Louis is far.", "I live on Main St.", "The house is red."}},
        {"See No. 5 and No. 7. No. I won't.", {"See No. 5 and No. 7.", "No.", "I won't."}},
        {"At 5 a.m. sharp. Until 9 p.m. We close then.", {"At 5 a.m. sharp.", "Until 9 p.m.", "We close then."}},
        {"Write to john.doe@example.com. Thanks.", {"Write to john.doe@example.com.", "Thanks."}},
        {"See https://example.com/a.b?c=d. Then www.x.org.", {"See https://example.com/a.b?c=d.", "Then www.x.org."}},
        {"It costs $3.50. Or EUR 1.200,50. Fine.", {"It costs $3.50.", "Or EUR 1.200,50.", "Fine."}},
        {"J. R. R. Tolkien wrote it. George W. Bush read it.", {"J. R. R. Tolkien wrote it.", "George W. Bush read it."}},
        {"Take plan B. We go.", {"Take plan B.", "We go."}},
        {"Well... maybe. Wait... What?", {"Well... maybe.", "Wait...", "What?"}},
        {"Well\u2026 maybe. Wait\u2026 What?", {"Well\u2026 maybe.", "Wait\u2026", "What?"}},
        {"He said \"Stop.\" Then he left.", {"He said \"Stop.\"", "Then he left."}},
        {"He said \u201cStop.\u201d Then he left.", {"He said \u201cStop.\u201d", "Then he left."}},
        {"(It was late.) We slept.", {"(It was late.)", "We slept."}},
        {"[Done.] Next.", {"[Done.]", "Next."}},
        {"\"Really?\" she asked. \"Yes.\"", {"\"Really?\" she asked.", "\"Yes.\""}},
        {"**Done.** Next.", {"**Done.**", "Next."}},
        {"What?! No!!! Yes.", {"What?!", "No!!!", "Yes."}},
        {"Yahoo! is a name. iPhone. iPads too.", {"Yahoo! is a name. iPhone. iPads too."}},
        {"Acme Inc. makes it. From Acme Inc. The price is low.", {"Acme Inc. makes it.", "From Acme Inc.", "The price is low."}},
        {"Apples, pears, etc. are fruit. Apples, etc. We sell them.", {"Apples, pears, etc. are fruit.", "Apples, etc.", "We sell them."}},
        {"On Jan. 5 it snowed. On 5. May it rained.", {"On Jan. 5 it snowed.", "On 5. May it rained."}},
        {"We sat in the sun. Then it set.", {"We sat in the sun.", "Then it set."}},
        {"Version 2.0.1 is out. Get it.", {"Version 2.0.1 is out.", "Get it."}},
        {"See Fig. 3 and p. 12. Good.", {"See Fig. 3 and p. 12.", "Good."}},
        {"I am No. 5. You are not.", {"I am No. 5.", "You are not."}},
        {"She has a Ph.D. in physics. Yes.", {"She has a Ph.D. in physics.", "Yes."}},
        {"Ends with a smile. \xF0\x9F\x98\x80 Next.", {"Ends with a smile.", "\xF0\x9F\x98\x80 Next."}},
        {"\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82\xE5\x86\x8D\xE8\xA7\x81\xE3\x80\x82",
         {"\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82", "\xE5\x86\x8D\xE8\xA7\x81\xE3\x80\x82"}},
        {"a [link. Here](http://x.y) b. Next.", {"a [link. Here](http://x.y) b.", "Next."}},
        {"5 apples. 6 pears.", {"5 apples.", "6 pears."}},
        {"", {}},
        {"  \n \t ", {}},
    };
    for (const Case& one : cases) EXPECT_THAT(texts(whole(one.text, sentences())), ElementsAreArray(one.pieces)) << one.text;
}

TEST(Chunker, lines_and_items_are_boundaries) {
    EXPECT_THAT(texts(whole("Here:\n- one, two\n- three. Four\n\n1. First. More\n2. Second", sentences())),
                ElementsAre("Here:", "- one, two", "- three.", "Four", "1. First.", "More", "2. Second"));
    EXPECT_THAT(texts(whole("| a. B | c |\r\n|---|---|\r\n| 1. Two | 3 |", sentences())), ElementsAre("| a. B | c |", "|---|---|", "| 1. Two | 3 |"));
}

TEST(Chunker, first_piece_may_be_a_clause) {
    EXPECT_THAT(texts(whole("I can certainly help you with that, but first tell me, please, who you are.")),
                ElementsAre("I can certainly help you with that,", "but first tell me, please, who you are."));
    EXPECT_THAT(texts(whole("Yes, sure, of course I can; we do that.")), ElementsAre("Yes, sure, of course I can;", "we do that."));
    EXPECT_THAT(texts(whole("Well, yes. Fine.")), ElementsAre("Well, yes.", "Fine."));
    EXPECT_THAT(texts(whole("The total comes to about 1,000 dollars \u2014 that is all.")),
                ElementsAre("The total comes to about 1,000 dollars \u2014", "that is all."));
    EXPECT_THAT(texts(whole("We are open today from 9 - 5 every day - come in.")), ElementsAre("We are open today from 9 - 5 every day -", "come in."));
    EXPECT_THAT(texts(whole("We will meet you there on July 4, 2025, at noon.")), ElementsAre("We will meet you there on July 4, 2025,", "at noon."));
    EXPECT_THAT(texts(whole("We can take fruit, e.g., apples (red, green, or yellow), home now.")),
                ElementsAre("We can take fruit, e.g., apples (red, green, or yellow),", "home now."));
    ChunkSettings late;
    late.first_characters = 30;
    late.first_words = 30;
    EXPECT_THAT(texts(whole("One two three, four five, six seven, eight nine, ten.", late)),
                ElementsAre("One two three, four five, six seven,", "eight nine, ten."));
}

TEST(Chunker, later_sentences_end_at_clauses_only_when_long) {
    ChunkSettings settings = sentences();
    settings.clause_characters = 30;
    EXPECT_THAT(texts(whole("Short, short. This one is rather long, so it is cut, here.", settings)),
                ElementsAre("Short, short.", "This one is rather long, so it is cut,", "here."));
}

TEST(Chunker, without_any_mark_words_are_the_boundary) {
    ChunkSettings settings = sentences();
    settings.max_characters = 20;
    EXPECT_THAT(texts(whole("aaaa bbbb cccc dddd eeee ffff gggg", settings)), ElementsAre("aaaa bbbb cccc dddd", "eeee ffff gggg"));
    EXPECT_THAT(texts(whole("aaaa bbbb cccc Dr. Smithers has", settings)), ElementsAre("aaaa bbbb cccc", "Dr. Smithers has"));
    EXPECT_THAT(texts(whole("it costs maybe EUR 1.200,50 each", settings)), ElementsAre("it costs maybe", "EUR 1.200,50 each"));
    const std::string word(75, 'x');  // stays whole
    EXPECT_THAT(texts(whole(word + " b", settings)), ElementsAre(word, "b"));
    const std::string giant(200, 'x');
    EXPECT_THAT(texts(whole(giant, settings)), ElementsAre(std::string(80, 'x'), std::string(80, 'x'), std::string(40, 'x')));
    for (const Piece& piece : whole(giant, settings)) EXPECT_LE(piece.text.size(), 80U);
}

TEST(Chunker, german_ordinals_are_no_ends) {
    ChunkSettings settings = sentences();
    settings.language = "de-DE";
    EXPECT_THAT(texts(whole("Am 3. Oktober im 19. Jahrhundert, z.B. hier. Gut.", settings)),
                ElementsAre("Am 3. Oktober im 19. Jahrhundert, z.B. hier.", "Gut."));
}

TEST(Chunker, speaks_as_soon_as_nothing_can_undo_it) {
    Chunker chunker(sentences());
    EXPECT_THAT(chunker.push("Hello there."), testing::IsEmpty());  // "there.com"?
    EXPECT_THAT(chunker.push(" "), testing::IsEmpty());             // a small letter?
    EXPECT_THAT(texts(chunker.push("H")), ElementsAre("Hello there."));
    EXPECT_THAT(texts(chunker.push("ow.\n")), ElementsAre("How."));
    EXPECT_THAT(chunker.push("In the U.S. T"), testing::IsEmpty());  // Treasury, or the?
    EXPECT_THAT(texts(chunker.push("he ")), ElementsAre("In the U.S."));
    EXPECT_THAT(texts(chunker.finish()), ElementsAre("The"));
}

TEST(Chunker, places_point_into_the_models_text) {
    const std::string text = "  One two.  Three\xE2\x80\x94 four.\n\nFive";
    for (const Piece& piece : whole(text)) EXPECT_EQ(text.substr(piece.begin, piece.end - piece.begin), piece.text);
    Chunker chunker;
    (void)chunker.push("Old. ");
    (void)chunker.finish();
    const auto pieces = chunker.push("New. Next");
    ASSERT_EQ(pieces.size(), 1U);
    EXPECT_EQ(pieces[0].begin, 0U);
    (void)chunker.push("\xE2\x80");
    chunker.reset();
    EXPECT_EQ(chunker.waiting(), 0U);
    EXPECT_THAT(texts(chunker.push("Again.\n")), ElementsAre("Again."));
}

std::string without_space(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') out += c;
    return out;
}

// Texts made of what boundaries are decided by.
std::string random_text(std::mt19937& random) {
    static const std::vector<std::string> parts{" ",
                                                " ",
                                                " ",
                                                ". ",
                                                "! ",
                                                "? ",
                                                ", ",
                                                "; ",
                                                ": ",
                                                "\n",
                                                "... ",
                                                "\u2026 ",
                                                " - ",
                                                "\u2014",
                                                " \u2013 ",
                                                "Dr. ",
                                                "U.S. ",
                                                "e.g. ",
                                                "St. ",
                                                "No. ",
                                                "a.m. ",
                                                "3.14",
                                                "1,000",
                                                "10:30",
                                                "$3.50",
                                                "EUR 1.200,50",
                                                "x@y.com",
                                                "http://a.b/c,d",
                                                "\"",
                                                "(",
                                                ")",
                                                "[",
                                                "]",
                                                "`",
                                                "**",
                                                "\u201d",
                                                "\u2019",
                                                "the ",
                                                "The ",
                                                "We ",
                                                "Smith ",
                                                "J. ",
                                                "word ",
                                                "i",
                                                "I ",
                                                "\u00e4",
                                                "\u00c4",
                                                "\U0001F600",
                                                "\u3002",
                                                "5. ",
                                                "12 ",
                                                "| ",
                                                "- ",
                                                "etc. ",
                                                "May ",
                                                ".",
                                                ",",
                                                "\xE2\x80",
                                                "\xFF",
                                                "\r\n",
                                                "longerwordwithoutanyspaceinside"};
    std::uniform_int_distribution<std::size_t> pick(0, parts.size() - 1);
    std::uniform_int_distribution<int> length(0, 120);
    std::string out;
    for (int i = length(random); i > 0; --i) out += parts[pick(random)];
    return out;
}

TEST(Chunker, where_deltas_are_cut_changes_nothing_and_nothing_is_lost) {
    std::mt19937 random(20260);
    std::size_t pieces_seen = 0;
    for (int round = 0; round < 3000; ++round) {
        const std::string text = random_text(random);
        ChunkSettings settings;
        if (round % 3 == 1) settings.max_characters = 40;
        if (round % 3 == 2) settings.clause_characters = 20;
        if (round % 5 == 0) settings.language = "de";
        const std::vector<Piece> expected = whole(text, settings);
        std::string joined;
        for (const Piece& piece : expected) {
            joined += piece.text;
            ASSERT_EQ(text.substr(piece.begin, piece.end - piece.begin), piece.text);
            ASSERT_FALSE(piece.text.empty());
        }
        ASSERT_EQ(without_space(joined), without_space(text));
        pieces_seen += expected.size();
        for (const std::size_t most : {std::size_t{1}, std::size_t{3}, std::size_t{17}}) {
            Chunker chunker(settings);
            std::vector<Piece> got;
            for (std::size_t at = 0; at < text.size();) {
                const std::size_t size = std::uniform_int_distribution<std::size_t>(1, most)(random);
                for (Piece& piece : chunker.push(std::string_view(text).substr(at, size))) got.push_back(std::move(piece));
                at += size;
            }
            for (Piece& piece : chunker.finish()) got.push_back(std::move(piece));
            ASSERT_EQ(texts(got), texts(expected)) << text;
            for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i].begin, expected[i].begin);
        }
    }
    EXPECT_GT(pieces_seen, 10000U);
}

TEST(Chunker, what_waits_is_bounded) {
    for (const std::string_view part : {" ", "x", ".", ",", "\"", ". \"", "(", "[", "| ", "\xE2\x80", "\xF0\x9F\x98\x80", "U.S. ", "1. "}) {
        Chunker chunker;
        for (int i = 0; i < 20000; ++i) {
            (void)chunker.push(part);
            ASSERT_LT(chunker.waiting(), 8192U) << part;
        }
    }
}

}  // namespace
}  // namespace parley::spoken
