#pragma once
// A recogniser's client against its emulated vendor over a real socket: the client lives on the test's own thread,
// sound is given faster than it lasts, everything the sink is told is written down.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "parley/sim/emulators.hpp"
#include "parley/vendors/link.hpp"
#include "parley/vendors/stt.hpp"

namespace parley::vendors {

using MakeStt = std::unique_ptr<SttStream> (*)(const Endpoint&, const Link&, SttSink&);

struct SttCase {
    const char* name;  // of the test
    const char* vendor;
    MakeStt make;
    std::string (*check)(const Endpoint&);
    const char* model;
    std::map<std::string, std::string> options;
    bool ends_turns;      // tells the end of a turn itself
    const char* goodbye;  // what it must have said before the socket closed; empty: nothing but the close frame
};
[[nodiscard]] const std::vector<SttCase>& stt_cases();

inline constexpr const char* kHours = "what are your opening hours";
inline constexpr const char* kTuesday = "on tuesday at ten";

struct Told final : SttSink {
    std::vector<std::string> lines;
    std::string pieces, interim;  // pieces joined
    int opened = 0, started = 0, ends = 0, eager = 0, resumed = 0, finalized = 0, failures = 0;
    std::string request_id;
    Failure failure;
    std::size_t longest = 0;

    void on_stt_open(std::string_view id) override {
        ++opened;
        request_id = std::string(id);
        lines.emplace_back("open");
    }
    void on_speech_started() override {
        ++started;
        lines.emplace_back("started");
    }
    void on_piece(std::string_view text, double confidence) override;
    void on_interim(std::string_view text) override;
    void on_end_of_turn(double confidence, bool is_eager) override;
    void on_turn_resumed() override {
        ++resumed;
        lines.emplace_back("resumed");
    }
    void on_finalized() override {
        ++finalized;
        lines.emplace_back("finalized");
    }
    void on_stt_failed(const Failure& why) override {
        ++failures;
        failure = why;
        lines.emplace_back("failed " + std::string(name(why.kind)) + " (" + why.reason + ")");
    }
    [[nodiscard]] std::string all() const;
};

// Small letters, no punctuation: vendors format.
[[nodiscard]] std::string bare(std::string_view text);

class SttBench {
public:
    explicit SttBench(const SttCase& which, std::vector<sim::FaultRule> script = {});
    ~SttBench();

    using Body = std::function<net::Task<>(SttBench&)>;
    // Makes the stream, runs `body`, closes the stream.
    void run(const Body& body);

    [[nodiscard]] SttStream& stream() { return *stream_; }
    net::Task<> say(std::string text);
    net::Task<> silence(int ms);
    // Until `done` is true or 15 s have passed.
    net::Task<bool> until(std::function<bool()> done);

    Told told;
    Endpoint endpoint;
    std::unique_ptr<sim::VendorHost> host;

private:
    net::Task<> give(std::string mulaw);

    SttCase case_;
    std::unique_ptr<SttStream> stream_;
};

}  // namespace parley::vendors
