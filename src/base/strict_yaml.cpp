#include "parley/base/strict_yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <tuple>
#include <unordered_map>

namespace parley {

std::string Place::text() const {
    return line > 0 ? file + ":" + std::to_string(line) + ":" + std::to_string(column) : file;
}

void Problems::add(const Place& place, std::string message) {
    if (list_.size() == kMost) list_.push_back({place, "there are more mistakes than are listed here"});
    if (list_.size() < kMost) list_.push_back({place, std::move(message)});
}

std::string Problems::text() const {
    std::vector<Problem> sorted = list_;
    std::sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.place.file, a.place.line, a.place.column) < std::tie(b.place.file, b.place.line, b.place.column);
    });
    std::string all;
    for (const auto& problem : sorted) all += problem.text() + "\n";
    return all;
}

namespace yaml {
namespace {

struct Refused {
    Place place;
    std::string message;
};

// Builds our own tree from yaml-cpp's events: its Node keeps neither both marks of a pair nor repeated keys, and
// expands aliases.
class Builder final : public YAML::EventHandler {
public:
    Builder(const std::string& file, Problems& problems) : file_(file), problems_(problems) {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { leaf(Kind::null, mark, {}, false, anchor); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "aliases (*name) are not supported"); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
        if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags (!name) are not supported");
        const bool quoted = tag == "!";
        const bool null = !quoted && (value.empty() || value == "~" || value == "null");
        leaf(null ? Kind::null : Kind::scalar, mark, null ? std::string() : value, quoted, anchor);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        open(Kind::list, mark, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override { open(Kind::map, mark, anchor); }
    void OnMapEnd() override { close(); }

    Node take() { return std::move(root_); }

private:
    struct Open {
        Node node;
        bool have_key = false;
        std::unordered_map<std::string, int> line_of;
    };

    Place place(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }
    [[noreturn]] void refuse(const YAML::Mark& mark, std::string why) const { throw Refused{place(mark), std::move(why)}; }

    void check(const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (anchor != 0) refuse(mark, "anchors (&name) are not supported");
        if (++values_ > kValues) refuse(mark, "there are more than " + std::to_string(kValues) + " values");
        if (open_.size() >= static_cast<std::size_t>(kDepth)) {
            refuse(mark, "values are nested more than " + std::to_string(kDepth) + " deep");
        }
    }

    void leaf(Kind kind, const YAML::Mark& mark, std::string text, bool quoted, YAML::anchor_t anchor) {
        check(mark, anchor);
        Node node;
        node.kind = kind;
        node.text = std::move(text);
        node.quoted = quoted;
        node.place = place(mark);
        put(std::move(node));
    }

    void open(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        check(mark, anchor);
        if (!open_.empty() && open_.back().node.kind == Kind::map && !open_.back().have_key) {
            refuse(mark, "a key must be a plain word");
        }
        Open entry;
        entry.node.kind = kind;
        entry.node.place = place(mark);
        open_.push_back(std::move(entry));
    }

    void close() {
        Node node = std::move(open_.back().node);
        open_.pop_back();
        put(std::move(node));
    }

    void put(Node node) {
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == Kind::list) {
            parent.node.children.push_back(std::move(node));
        } else if (!parent.have_key) {
            if (node.kind != Kind::scalar) throw Refused{node.place, "a key must be a plain word"};
            parent.node.keys.push_back(std::move(node.text));
            parent.node.key_places.push_back(node.place);
            parent.have_key = true;
        } else {
            parent.have_key = false;
            auto& keys = parent.node.keys;
            const auto [first, is_new] = parent.line_of.emplace(keys.back(), parent.node.key_places.back().line);
            if (is_new) {
                parent.node.children.push_back(std::move(node));
                return;
            }
            problems_.add(parent.node.key_places.back(), "'" + keys.back() + "' was already given in line " + std::to_string(first->second));
            keys.pop_back();
            parent.node.key_places.pop_back();
        }
    }

    const std::string& file_;
    Problems& problems_;
    std::vector<Open> open_;
    Node root_;
    std::size_t values_ = 0;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
    const auto found = std::find(keys.begin(), keys.end(), key);
    return found == keys.end() ? nullptr : &children[static_cast<std::size_t>(found - keys.begin())];
}

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::null:
            return "nothing";
        case Kind::scalar:
            return "a single value";
        case Kind::list:
            return "a list";
        case Kind::map:
            return "a section";
    }
    return "";
}

Document parse_text(std::string_view text, std::string file, Problems& problems) {
    Document document;
    document.file = std::move(file);
    document.root.place = {document.file, 1, 1};
    if (text.size() > kFileBytes) {
        problems.add({document.file, 0, 0}, "the file is larger than " + text::size_to_text(kFileBytes));
        return document;
    }
    // yaml-cpp takes a NUL for the end of its input in places.
    if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
        problems.add({document.file, 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n')), 1},
                     "the file holds a NUL byte");
        return document;
    }
    Builder builder(document.file, problems);
    try {
        std::istringstream in{std::string(text)};
        YAML::Parser parser(in);
        if (parser.HandleNextDocument(builder)) {
            document.root = builder.take();
            if (document.root.place.line == 0) document.root.place = {document.file, 1, 1};
            Builder second(document.file, problems);
            if (parser.HandleNextDocument(second)) problems.add(second.take().place, "a file holds one document");
        }
    } catch (const Refused& refused) {
        problems.add(refused.place, refused.message);
        document.root = {};
    } catch (const YAML::Exception& e) {
        problems.add({document.file, e.mark.line + 1, e.mark.column + 1}, e.msg);
        document.root = {};
    }
    if (document.root.place.file.empty()) document.root.place = {document.file, 1, 1};
    return document;
}

Document parse_file(const std::filesystem::path& path, Problems& problems) {
    std::error_code ec;
    if (std::filesystem::is_directory(path, ec)) {
        problems.add({path.string(), 0, 0}, "this is a directory");
        return {};
    }
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        problems.add({path.string(), 0, 0}, "the file cannot be read");
        return {};
    }
    std::string text(kFileBytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return parse_text(text, path.string(), problems);
}

text::Parsed<std::string> as_text(const Node& node) {
    if (node.kind != Kind::scalar) return {{}, "expected text, found " + std::string(name_of(node.kind))};
    if (!node.quoted && (node.text == "true" || node.text == "false")) {
        return {{}, "expected text, found " + node.text + " (quote it if it is meant as text)"};
    }
    return {node.text, {}};
}

}  // namespace yaml
}  // namespace parley
