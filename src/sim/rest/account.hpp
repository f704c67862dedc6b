#pragma once
// Account, Balance, Keys, Tokens.

#include "world.hpp"

namespace parley::sim {

class Account final : public Family {
public:
    explicit Account(RestWorld& world);
    [[nodiscard]] ApiAnswer handle(const ApiCall& call) override;

    enum class Caller : std::uint8_t { nobody, token, key };
    // Who sent this Authorization header.
    [[nodiscard]] Caller authenticate(const std::string& authorization);
    [[nodiscard]] const std::string& status() const { return status_; }
    [[nodiscard]] bool active() const { return status_ == "active"; }
    [[nodiscard]] bool trial() const { return type_ == "Trial"; }
    void set(std::string status, std::string type);  // empty: as it is

private:
    [[nodiscard]] ApiAnswer account(const ApiCall& call);
    [[nodiscard]] ApiAnswer keys(const ApiCall& call);
    [[nodiscard]] Json json() const;

    RestWorld& world_;
    WallTime created_ = std::chrono::system_clock::now(), updated_ = created_;
    std::string status_, type_, name_ = "Simulated account";
    Records keys_;
    std::map<std::string, std::string> secrets_;  // of keys, by SID
};

}  // namespace parley::sim
