#pragma once
// SIP domains, credential lists, address lists and their mappings. Nothing of it changes what a call does.

#include "world.hpp"

namespace parley::sim {

class Sip final : public Family {
public:
    explicit Sip(RestWorld& world) : world_(world) {}
    [[nodiscard]] ApiAnswer handle(const ApiCall& call) override;

private:
    // A named list with entries: credentials or addresses.
    struct NamedLists {
        Records lists;
        std::map<std::string, Records> entries;  // by list
    };
    [[nodiscard]] ApiAnswer domains(const ApiCall& call);
    [[nodiscard]] ApiAnswer mappings(const ApiCall& call, const std::string& domain, std::size_t at, bool registrations);
    [[nodiscard]] ApiAnswer lists(const ApiCall& call, NamedLists& lists, bool credentials);
    [[nodiscard]] ApiAnswer entries(const ApiCall& call, Record& list, Records& entries, bool credentials);

    RestWorld& world_;
    Records domains_;
    NamedLists credentials_, addresses_;
    std::map<std::string, std::vector<std::string>> mapped_;  // by "domain kind"
};

}  // namespace parley::sim
