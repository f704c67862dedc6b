#include "parley/speech/phrase_store.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "parley/audio/wav.hpp"
#include "parley/speech/error.hpp"

namespace parley::speech {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

class Store : public testing::Test {
protected:
    Store() {
        std::string name = (fs::temp_directory_path() / "parley-phrases-XXXXXX").string();
        directory = ::mkdtemp(name.data());
    }
    ~Store() override { fs::remove_all(directory); }

    static PhraseKey key(std::string text) { return {"acme", "ana", "m1", "en-US", "speed=1", std::move(text)}; }
    // Every byte value, the two zeros of µ-law included.
    static Bytes sound(std::size_t size, std::uint8_t from = 0) {
        Bytes out(size);
        for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(from + i);
        return out;
    }
    fs::path file(const std::string& text) const { return directory / (key(text).digest() + ".wav"); }
    static std::string contents(const fs::path& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static void write(const fs::path& path, std::string_view bytes) {
        std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    std::size_t files() const {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator(directory)) count += entry.path().extension() == ".wav" ? 1 : 0;
        return count;
    }
    std::size_t unfinished() const {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator(directory)) count += entry.path().extension() == ".part" ? 1 : 0;
        return count;
    }
    static void age(const fs::path& path, int seconds) { fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::seconds(seconds)); }

    fs::path directory;
};

TEST_F(Store, comes_back_byte_for_byte_after_a_restart) {
    {
        PhraseStore store(directory, 1 << 20);
        ASSERT_FALSE(store.load());
        EXPECT_EQ(store.find(key("Hello.")), nullptr);
        EXPECT_FALSE(store.put(key("Hello."), sound(1600)));
        EXPECT_FALSE(store.put(key("Goodbye."), sound(801, 7)));
        EXPECT_EQ(*store.find(key("Hello.")), sound(1600));
    }
    EXPECT_EQ(unfinished(), 0U);
    PhraseStore store(directory, 1 << 20);
    ASSERT_FALSE(store.load());
    EXPECT_EQ(store.counters().loaded, 2U);
    ASSERT_NE(store.find(key("Hello.")), nullptr);
    EXPECT_EQ(*store.find(key("Hello.")), sound(1600));
    Bytes padded = sound(801, 7);
    padded.push_back(0xff);
    EXPECT_EQ(*store.find(key("Goodbye.")), padded);
    // Any player reads it.
    const auto wave = audio::read_wav(file("Hello."));
    ASSERT_TRUE(wave.has_value()) << wave.error().message();
    EXPECT_EQ(wave->rate, 8000);
    EXPECT_EQ(wave->frames(), 1600U);
}

TEST_F(Store, every_part_of_the_key_counts) {
    const PhraseKey base = key("Hello.");
    std::vector<PhraseKey> others(6, base);
    others[0].vendor = "other";
    others[1].voice = "bob";
    others[2].model = "m2";
    others[3].language = "de-DE";
    others[4].options = "speed=2";
    others[5].text = "Hello!";
    for (const PhraseKey& other : others) EXPECT_NE(other.digest(), base.digest());
    PhraseKey shifted = base;
    shifted.vendor = "acm";
    shifted.voice = "eana";
    EXPECT_NE(shifted.digest(), base.digest());
    EXPECT_EQ(base.digest().size(), 64U);
}

TEST_F(Store, refuses_nothing_and_too_much) {
    PhraseStore store(directory, 64 << 20);
    ASSERT_FALSE(store.load());
    EXPECT_EQ(store.put(key("a"), {}), errc::bad_text);
    EXPECT_EQ(store.put(key("a"), sound(PhraseStore::kMaxSamples + 1)), errc::audio_too_long);
    EXPECT_FALSE(store.put(key("a"), sound(PhraseStore::kMaxSamples)));
    PhraseStore again(directory, 64 << 20);
    ASSERT_FALSE(again.load());
    EXPECT_EQ(again.counters().loaded, 1U);
}

TEST_F(Store, damaged_files_are_removed_and_counted) {
    PhraseStore writer(directory, 1 << 20);
    ASSERT_FALSE(writer.load());
    ASSERT_FALSE(writer.put(key("a"), sound(400)));
    const std::string good = contents(file("a"));
    int damaged = 0;
    const auto expect_removed = [&](const std::string& bytes) {
        write(file("a"), bytes);
        PhraseStore store(directory, 1 << 20);
        ASSERT_FALSE(store.load());
        EXPECT_EQ(store.find(key("a")), nullptr);
        EXPECT_EQ(store.counters().corrupt, 1U);
        EXPECT_FALSE(fs::exists(file("a")));
        ++damaged;
    };
    for (std::size_t cut = 0; cut < good.size(); cut += 7) expect_removed(good.substr(0, cut));
    for (std::size_t at = 0; at < good.size(); at += 5) {
        std::string changed = good;
        changed[at] = static_cast<char>(changed[at] ^ 0x10);
        expect_removed(changed);
    }
    expect_removed(good + "x");
    expect_removed("garbage");
    expect_removed(std::string(100000, '\0'));
    expect_removed(std::string(PhraseStore::kMaxSamples + 10000, 'x'));
    EXPECT_GT(damaged, 100);
    // Under another phrase's name it is not that phrase.
    write(file("b"), good);
    PhraseStore store(directory, 1 << 20);
    ASSERT_FALSE(store.load());
    EXPECT_EQ(store.find(key("b")), nullptr);
    EXPECT_EQ(store.counters().corrupt, 1U);
}

TEST_F(Store, what_is_not_ours_is_left_alone) {
    write(directory / "readme.txt", "mine");
    write(directory / "song.wav", "mine");
    const fs::path outside = directory / "outside.dat";
    write(outside, "mine");
    fs::create_symlink(outside, file("link"));
    write(directory / "old.part", "x");
    age(directory / "old.part", 7200);
    write(directory / "new.part", "x");
    PhraseStore store(directory, 1 << 20);
    ASSERT_FALSE(store.load());
    EXPECT_TRUE(fs::exists(directory / "readme.txt"));
    EXPECT_TRUE(fs::exists(directory / "song.wav"));
    EXPECT_EQ(contents(outside), "mine");
    EXPECT_FALSE(fs::exists(fs::symlink_status(file("link"))));  // the link itself is a damaged phrase
    EXPECT_FALSE(fs::exists(directory / "old.part"));
    EXPECT_TRUE(fs::exists(directory / "new.part"));
}

TEST_F(Store, the_least_lately_used_leave) {
    PhraseStore store(directory, 3500);  // three files of about 1,100 bytes
    ASSERT_FALSE(store.load());
    for (const char* text : {"a", "b", "c"}) {
        ASSERT_FALSE(store.put(key(text), sound(1000)));
        age(file(text), 100);
    }
    EXPECT_EQ(files(), 3U);
    age(file("a"), 300);
    EXPECT_NE(store.find(key("a")), nullptr);
    store.settle();  // "a" was used: now the newest
    age(file("b"), 200);
    ASSERT_FALSE(store.put(key("d"), sound(1000)));
    EXPECT_EQ(files(), 3U);
    EXPECT_TRUE(fs::exists(file("a")));
    EXPECT_FALSE(fs::exists(file("b")));
    EXPECT_EQ(store.counters().evicted, 1U);
    EXPECT_NE(store.find(key("b")), nullptr);  // this process still has it
    PhraseStore small(directory, 2400);
    ASSERT_FALSE(small.load());
    EXPECT_EQ(small.counters().loaded, 2U);
}

TEST_F(Store, without_a_directory_it_works_in_memory) {
    write(directory / "file", "x");
    PhraseStore store(directory / "file" / "below", 1 << 20);
    EXPECT_TRUE(store.load());
    EXPECT_TRUE(store.put(key("a"), sound(100)));
    EXPECT_NE(store.find(key("a")), nullptr);
    EXPECT_EQ(store.counters().write_errors, 1U);
    store.settle();
}

// The kernel refuses to let any file grow beyond the limit, as a full disk does, at every size.
TEST_F(Store, a_full_disk_does_no_harm) {
    for (const rlim_t room : {rlim_t{0}, rlim_t{40}, rlim_t{58}, rlim_t{600}, rlim_t{1070}}) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            std::signal(SIGXFSZ, SIG_IGN);
            const rlimit limit{room, room};
            int result = ::setrlimit(RLIMIT_FSIZE, &limit) == 0 ? 0 : 1;
            PhraseStore store(directory, 1 << 20);
            if (store.load()) result = 2;
            if (!store.put(key("a"), sound(1000))) result = 3;
            if (store.find(key("a")) == nullptr) result = 4;
            if (store.counters().write_errors != 1) result = 5;
            ::_exit(result);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), 0) << room;
        EXPECT_EQ(files(), 0U);
        EXPECT_EQ(unfinished(), 0U);
    }
}

TEST_F(Store, two_processes_write_at_once) {
    const auto run = [&] {
        PhraseStore store(directory, 20000);
        if (store.load()) return 1;
        for (int i = 0; i < 40; ++i)
            if (store.put(key(std::to_string(i % 25)), sound(1000, static_cast<std::uint8_t>(i % 25)))) return 2;
        return 0;
    };
    std::vector<pid_t> children;
    for (int i = 0; i < 2; ++i) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) ::_exit(run());
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    PhraseStore store(directory, 20000);
    ASSERT_FALSE(store.load());
    EXPECT_EQ(store.counters().corrupt, 0U);
    EXPECT_GT(store.counters().loaded, 10U);
    for (int i = 0; i < 25; ++i)
        if (const auto audio = store.find(key(std::to_string(i)))) EXPECT_EQ(*audio, sound(1000, static_cast<std::uint8_t>(i)));
    EXPECT_EQ(unfinished(), 0U);
}

TEST_F(Store, read_on_workers_while_written_elsewhere) {
    PhraseStore store(directory, 1 << 20);
    ASSERT_FALSE(store.load());
    std::atomic<bool> stop{false};
    std::thread reader([&] {
        while (!stop)
            if (const auto audio = store.find(key("a"))) EXPECT_EQ(audio->size(), 500U);
    });
    for (int i = 0; i < 50; ++i) {
        EXPECT_FALSE(store.put(key("a"), sound(500, static_cast<std::uint8_t>(i))));
        if (i % 10 == 0) store.settle();
    }
    stop = true;
    reader.join();
    EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace parley::speech
