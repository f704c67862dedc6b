#pragma once
// A synthesis client against an emulated vendor on 127.0.0.1; the client's thread is the test's own.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "parley/net/http_client.hpp"
#include "parley/sim/emulators.hpp"
#include "parley/sim/sound.hpp"
#include "parley/sim/speech_ports.hpp"
#include "parley/vendors/link.hpp"
#include "recording_tts_sink.hpp"

namespace parley::vendors {

namespace asio = boost::asio;

struct DeafEar final : sim::CallerEar {
    std::vector<sim::Recognised> recognise(std::span<const std::int16_t>, const std::vector<std::string>&) override { return {}; }
};

inline std::shared_ptr<sim::EmulatorWorld> tone_world(double pace) {
    sim::WorldSettings settings;
    settings.first_audio = std::chrono::milliseconds(5);
    settings.pace = pace;
    return std::make_shared<sim::EmulatorWorld>(settings, std::make_shared<sim::ToneVoice>(), std::make_shared<DeafEar>());
}

inline std::shared_ptr<sim::VendorEmulator> emulator_named(std::string_view vendor, std::shared_ptr<sim::EmulatorWorld> world) {
    for (const auto& entry : sim::vendor_emulators())
        if (entry.name == vendor) return entry.make(std::move(world));
    throw std::runtime_error("no such emulator");
}

// What the tone voice says, as it arrives through µ-law.
inline std::vector<std::int16_t> spoken_tones(const std::string& text) {
    sim::ToneVoice voice;
    return sim::from_mulaw(sim::to_mulaw(voice.speak(text, {})));
}

class TtsRig {
public:
    using Make = std::unique_ptr<TtsStream> (*)(const Endpoint&, const Link&, TtsSink&);

    TtsRig(std::string_view vendor, Endpoint asked, Make make, sim::Fault fault = {}, double pace = 0)
        : TtsRig(vendor, std::move(asked), make, std::move(fault), tone_world(pace)) {}
    TtsRig(std::string_view vendor, Endpoint asked, Make make, sim::Fault fault, std::shared_ptr<sim::EmulatorWorld> world)
        : host(emulator_named(vendor, world), world), http(std::make_unique<net::HttpClient>(io.get_executor())) {
        host.script({sim::FaultRule{"", 1, 1 << 30, std::move(fault)}});
        endpoint = std::move(asked);
        endpoint.base_url = host.url() + endpoint.base_url;
        if (endpoint.key.empty()) endpoint.key = Secret("sim-key");
        link.executor = io.get_executor();
        link.http = http.get();
        stream = make(endpoint, link, sink);
    }
    ~TtsRig() {
        if (!closed_) close();
        http.reset();
        run_for(std::chrono::milliseconds(10));
    }

    // False when it has not come to that in 20 s.
    bool run_until(const std::function<bool()>& reached) {
        const auto deadline = Clock::now() + std::chrono::seconds(20);
        while (!reached()) {
            if (Clock::now() > deadline) return false;
            io.restart();
            io.run_one_for(std::chrono::milliseconds(50));
        }
        return true;
    }
    bool run_until_log(std::string_view line) {
        return run_until([&] { return sink.has(line); });
    }
    void run_for(std::chrono::milliseconds time) {
        io.restart();
        io.run_for(time);
    }
    bool close() {
        closed_ = true;
        bool done = false;
        asio::co_spawn(io, closing(done), [](std::exception_ptr) {});
        return run_until([&] { return done; });
    }

    asio::io_context io;
    sim::VendorHost host;
    std::unique_ptr<net::HttpClient> http;
    Endpoint endpoint;
    Link link;
    RecordingTtsSink sink;
    std::unique_ptr<TtsStream> stream;

private:
    net::Task<> closing(bool& done) {
        co_await stream->close();
        done = true;
    }
    bool closed_ = false;
};

}  // namespace parley::vendors
