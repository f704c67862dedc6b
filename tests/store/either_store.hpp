#pragma once
// The same test on both databases: TEST_P(…) of a fixture that derives from this, and INSTANTIATE_ON_BOTH(fixture).

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/store/database.hpp"
#include "postgres_server.hpp"

namespace parley::store {

class EitherStore : public testing::TestWithParam<Dialect> {
protected:
    EitherStore() {
        static std::atomic<unsigned> count{0};
        directory = std::filesystem::path(testing::TempDir()) / ("parley-store-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
        std::filesystem::create_directories(directory);
        if (GetParam() == Dialect::postgresql) postgres.emplace();
    }
    ~EitherStore() override {
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
    }
    [[nodiscard]] DatabaseSettings settings() const {
        DatabaseSettings made;
        made.data_dir = directory;
        made.statement_timeout = std::chrono::seconds(30);  // of a machine that has much else to do
        if (postgres) made.url = Secret(postgres->url());
        return made;
    }
    [[nodiscard]] std::unique_ptr<Database> open() { return open(settings()); }
    [[nodiscard]] std::unique_ptr<Database> open(const DatabaseSettings& with) { return open_database(with, log, &metrics); }

    std::filesystem::path directory;
    std::optional<test::PostgresSchema> postgres;
    std::shared_ptr<MemoryLog> lines = std::make_shared<MemoryLog>();
    Log log = Log::to(LogSettings{}, lines);
    Metrics metrics{MetricsSettings{}};
};

inline std::string dialect_name(const testing::TestParamInfo<Dialect>& info) {
    return info.param == Dialect::sqlite ? "sqlite" : "postgresql";
}
#define INSTANTIATE_ON_BOTH(fixture)                                                                                               \
    INSTANTIATE_TEST_SUITE_P(on, fixture, testing::Values(::parley::store::Dialect::sqlite, ::parley::store::Dialect::postgresql), \
                             ::parley::store::dialect_name)

}  // namespace parley::store
