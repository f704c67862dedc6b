#pragma once
// A loop of the test's own, records in a directory, and a log in memory.

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "parley/base/log.hpp"
#include "parley/net/task.hpp"
#include "parley/store/call_records.hpp"

namespace parley::messaging {

struct Desk {
    Desk() {
        directory = std::filesystem::path(testing::TempDir()) / ("parley_messaging_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
        std::filesystem::remove_all(directory);
        records = std::make_unique<store::CallRecords>(store::CallRecords::Settings{.directory = (directory / "records").string(), .on_error = {}});
    }
    ~Desk() {
        records.reset();
        std::filesystem::remove_all(directory);
    }
    template <class T>
    T run(net::Task<T> task) {
        std::optional<T> value;
        auto body = [](net::Task<T> inner, std::optional<T>& into) -> net::Task<> {
            T got = co_await std::move(inner);
            into = std::move(got);
        };
        auto work = body(std::move(task), value);
        net::asio::co_spawn(context, std::move(work), net::asio::detached);
        for (const auto until = Clock::now() + std::chrono::seconds(20); !value && Clock::now() < until;) {
            context.restart();
            context.run_one_until(until);
        }
        return std::move(value.value());
    }
    void run_until(const std::function<bool()>& holds) {
        for (const auto until = Clock::now() + std::chrono::seconds(20); !holds() && Clock::now() < until;) {
            context.restart();
            context.run_one_for(std::chrono::milliseconds(20));
        }
    }
    void spawn(net::Task<> task) { net::asio::co_spawn(context, std::move(task), net::asio::detached); }
    nlohmann::json record(const std::string& id) {
        records->flush();
        const auto text = records->read(id);
        return text ? nlohmann::json::parse(*text) : nlohmann::json();
    }

    boost::asio::io_context context{1};
    std::filesystem::path directory;
    std::unique_ptr<store::CallRecords> records;
    std::shared_ptr<MemoryLog> lines = std::make_shared<MemoryLog>();
    Log log = Log::to({}, lines);
};

}  // namespace parley::messaging
