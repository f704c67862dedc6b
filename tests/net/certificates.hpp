#pragma once

#include <filesystem>
#include <string>

namespace parley::net::test {

// A directory of its own with PEM files made on the spot: a CA, and certificates it signed. Removed at the end.
class Certificates {
public:
    Certificates();
    ~Certificates();
    struct Pair {
        std::string certificate, key;
    };
    // For DNS name or IP address `name`, valid for `days` from now (negative: expired).
    Pair issue(const std::string& file, const std::string& name, int days = 30);
    std::string ca() const { return (directory_ / "ca.pem").string(); }

private:
    std::filesystem::path directory_;
    struct Authority;
    Authority* authority_;
};

}  // namespace parley::net::test
