#include "parley/store/seal_rotation.hpp"

#include <algorithm>

namespace parley::store {

namespace {

constexpr std::int64_t kPage = 100;
constexpr std::size_t kToldMost = 20;

bool holds_sealed(const SealedPlace& place, const std::string& text) {
    return place.document ? text.find(kSealedPrefix) != std::string::npos : is_sealed(text);
}

Result<std::string> renewed(const SealedPlace& place, const Sealer& sealer, const std::string& text, const std::string& context) {
    return place.document ? sealer.reseal_document(text, context) : sealer.reseal(text, context);
}

error_code opened(const SealedPlace& place, const Sealer& sealer, const std::string& text, const std::string& context) {
    const auto plain = place.document ? sealer.open_document(text, context) : sealer.open(text, context);
    return plain ? error_code() : plain.error();
}

void shut(SealCount& count, const std::string& context, const error_code& why) {
    ++count.shut;
    if (count.shut_contexts.size() < kToldMost) count.shut_contexts.push_back(context + ": " + why.message());
}

// All pages of a place; `each` gets a row inside the page's transaction, and its effects on a count that is taken over when the page is committed.
template <class Each>
SealCount walk(Database& database, const SealedPlace& place, const Each& each) {
    SealCount count;
    count.name = place.name;
    std::string after;
    for (;;) {
        SealCount page;
        std::string last;
        std::size_t rows = 0;
        database.transact([&](Session& session) {
            page = count;
            last = after;
            const auto found = session.run(place.page, {after, kPage});
            rows = found.size();
            for (const auto& row : found) {
                last = row.text(0);
                const auto text = row.text(2);
                if (!holds_sealed(place, text)) continue;
                ++page.seen;
                each(session, page, last, row.text(1), text);
            }
        });
        count = std::move(page);
        after = std::move(last);
        if (rows < static_cast<std::size_t>(kPage)) return count;
    }
}

}  // namespace

std::vector<SealCount> rotate_seals(Database& database, const Sealer& sealer, const std::function<void(const SealCount&)>& progress) {
    if (!sealer.ready()) throw SealError(SealErrc::no_key, make_error_code(SealErrc::no_key).message());
    std::vector<SealCount> all;
    for (const auto& place : sealed_places()) {
        all.push_back(
            walk(database, place, [&](Session& session, SealCount& count, const std::string& key, const std::string& context, const std::string& text) {
                const auto fresh = renewed(place, sealer, text, context);
                if (!fresh) return shut(count, context, fresh.error());
                if (*fresh == text) return;
                // Whoever changed the row meanwhile sealed it with a key of their own.
                session.run(place.replace, {*fresh, key, text});
                count.changed += session.changed();
            }));
        if (progress) progress(all.back());
    }
    return all;
}

std::vector<SealCount> check_seals(Database& database, const Sealer& sealer) {
    std::vector<SealCount> all;
    for (const auto& place : sealed_places())
        all.push_back(walk(database, place, [&](Session&, SealCount& count, const std::string&, const std::string& context, const std::string& text) {
            if (const auto why = opened(place, sealer, text, context)) return shut(count, context, why);
            const auto fresh = renewed(place, sealer, text, context);
            if (sealer.ready() && fresh && *fresh != text) ++count.old;
        }));
    return all;
}

}  // namespace parley::store
