#include "parley/flows/destination.hpp"

#include <gtest/gtest.h>

namespace parley::flows {
namespace {

using Kind = Destination::Kind;

TEST(DestinationText, IsReadAndWrittenAlike) {
    struct Row {
        const char* text;
        Kind kind;
        const char* value;
        const char* canonical;
    };
    for (const auto& row :
         {Row{"+4930123456", Kind::number, "+4930123456", "+4930123456"}, Row{"number:+4930123456", Kind::number, "+4930123456", "+4930123456"},
          Row{"sip:desk@example.com", Kind::sip, "sip:desk@example.com", "sip:desk@example.com"},
          Row{"sip:desk@example.com;transport=tls", Kind::sip, "sip:desk@example.com;transport=tls", "sip:desk@example.com;transport=tls"},
          Row{"client:alice", Kind::client, "alice", "client:alice"}, Row{"queue:support", Kind::queue, "support", "queue:support"},
          Row{"conference:room-1", Kind::conference, "room-1", "conference:room-1"}, Row{"agent:billing", Kind::agent, "billing", "agent:billing"},
          Row{"menu:main.sales", Kind::menu, "main.sales", "menu:main.sales"}, Row{"warm:+4930123456", Kind::warm, "+4930123456", "warm:+4930123456"},
          Row{"warm:sip:a@b.example", Kind::warm, "sip:a@b.example", "warm:sip:a@b.example"}, Row{"voicemail", Kind::voicemail, "", "voicemail"},
          Row{"park", Kind::park, "", "park"}, Row{"park:7", Kind::park, "7", "park:7"}, Row{"hangup", Kind::hangup, "", "hangup"},
          Row{"back", Kind::back, "", "back"}}) {
        const auto read = parse_destination(row.text);
        ASSERT_TRUE(read) << row.text;
        EXPECT_EQ(read->kind, row.kind) << row.text;
        EXPECT_EQ(read->value, row.value) << row.text;
        EXPECT_EQ(read->text(), row.canonical) << row.text;
        EXPECT_EQ(parse_destination(read->text()), read) << row.text;
    }
}

TEST(DestinationText, SaysWhatIsWrong) {
    for (const auto* text : {"", "4930123456", "+0123", "+49 30 1", "sip:example.com", "sip:@example.com", "sip:a b@c", "sip:a@b\"/><Hangup/>",
                             "queue:", "queue:a b", "agent:<x>", "warm:", "warm:alice", "Voicemail", "tel:+491", "menu:ü"}) {
        std::string why;
        EXPECT_FALSE(parse_destination(text, &why)) << text;
        EXPECT_FALSE(why.empty()) << text;
    }
    EXPECT_FALSE(parse_destination("sip:" + std::string(300, 'a') + "@b"));
}

}  // namespace
}  // namespace parley::flows
