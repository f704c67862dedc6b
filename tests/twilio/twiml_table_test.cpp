// Every attribute of every element: written as given, refused when wrong, and none without a row.
#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <set>

#include "twiml_rows.hpp"

namespace parley::twilio {
namespace {

using twiml::AttributeRow;
using twiml::El;

std::vector<AttributeRow> all_rows() {
    std::vector<AttributeRow> rows;
    for (const auto* part : {&twiml::rows_speech(), &twiml::rows_ssml(), &twiml::rows_dial(), &twiml::rows_connect(), &twiml::rows_rest()}) {
        rows.insert(rows.end(), part->begin(), part->end());
    }
    return rows;
}

std::string name_of(const AttributeRow& row) {
    return std::to_string(static_cast<int>(row.el)) + " " + std::string(spec_of(row.el).tag) + " " + std::string(row.attribute);
}

TEST(TwimlTable, good_values_come_back_from_a_parser) {
    for (const AttributeRow& row : all_rows()) {
        TwimlResponse r;
        r.add(row.good);
        const auto xml = r.str();
        ASSERT_TRUE(xml) << name_of(row) << ": " << r.problem();
        pugi::xml_document document;
        ASSERT_TRUE(document.load_buffer(xml->data(), xml->size())) << *xml;
        const auto node = document.find_node(
            [&](const pugi::xml_node& n) { return n.name() == std::string(spec_of(row.el).tag) && n.attribute(std::string(row.attribute).c_str()); });
        ASSERT_TRUE(node) << name_of(row) << *xml;
        EXPECT_EQ(node.attribute(std::string(row.attribute).c_str()).value(), row.want) << name_of(row);
    }
}

TEST(TwimlTable, bad_values_are_refused_by_name) {
    for (const AttributeRow& row : all_rows()) {
        if (!row.bad) continue;
        TwimlResponse r;
        r.add(*row.bad);
        const auto xml = r.str();
        ASSERT_FALSE(xml) << name_of(row) << *xml;
        EXPECT_EQ(xml.error(), errc::twiml_attribute) << name_of(row);
        const std::string where = std::string(spec_of(row.el).tag) + " " + std::string(row.attribute);
        EXPECT_TRUE(r.problem().starts_with(where)) << name_of(row) << " said: " << r.problem();
    }
}

TEST(TwimlTable, only_booleans_have_no_wrong_value) {
    for (const AttributeRow& row : all_rows()) {
        const auto* spec = find_attribute(twiml::spec_of(row.el), row.attribute);
        ASSERT_NE(spec, nullptr) << name_of(row);
        if (!row.bad) {
            EXPECT_EQ(spec->kind, twiml::Kind::flag) << name_of(row);
        }
    }
}

TEST(TwimlTable, no_attribute_is_without_a_row) {
    std::set<std::pair<El, std::string_view>> tested;
    for (const AttributeRow& row : all_rows()) EXPECT_TRUE(tested.insert({row.el, row.attribute}).second) << name_of(row);
    std::size_t attributes = 0;
    for (const twiml::ElementSpec& spec : twiml::all_specs()) {
        if (spec.id == El::message) continue;  // its rows are in twiml_messaging_test.cpp
        for (const twiml::ValueSpec& value : spec.attributes) {
            ++attributes;
            EXPECT_TRUE(tested.contains({spec.id, value.name})) << static_cast<int>(spec.id) << " " << spec.tag << " " << value.name;
        }
    }
    EXPECT_EQ(tested.size(), attributes);
    EXPECT_GE(attributes, 230U);
}

}  // namespace
}  // namespace parley::twilio
