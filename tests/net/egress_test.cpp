// What may be asked for at addresses others chose (catalogue S11).

#include "parley/net/egress.hpp"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "support.hpp"

namespace parley::net::test {
namespace {

using asio::ip::make_address;

struct UrlCase {
    std::string_view url;
    EgressReason want;
};
// The names' addresses are in Names below.
constexpr UrlCase kUrls[] = {
    {"http://tools.example/", EgressReason::none},
    {"https://tools.example/a/b?c=d", EgressReason::none},
    {"HTTPS://Tools.Example/", EgressReason::none},
    {"https://tools.example:8443/x", EgressReason::none},
    {"http://tools.example?x=1", EgressReason::none},
    {"http://tools.example/#frag", EgressReason::none},
    {"https://a-b.c_d.example/", EgressReason::none},
    {"https://two.example/", EgressReason::none},
    {"https://six.example/", EgressReason::none},
    {"http://8.8.8.8/", EgressReason::none},
    {"http://1.1.1.1:8080/", EgressReason::none},
    {"http://9.255.255.255/", EgressReason::none},
    {"http://11.0.0.0/", EgressReason::none},
    {"http://100.63.255.255/", EgressReason::none},
    {"http://100.128.0.0/", EgressReason::none},
    {"http://126.255.255.255/", EgressReason::none},
    {"http://128.0.0.0/", EgressReason::none},
    {"http://169.253.255.255/", EgressReason::none},
    {"http://169.255.0.0/", EgressReason::none},
    {"http://172.15.255.255/", EgressReason::none},
    {"http://172.32.0.0/", EgressReason::none},
    {"http://192.167.255.255/", EgressReason::none},
    {"http://192.169.0.0/", EgressReason::none},
    {"http://198.17.255.255/", EgressReason::none},
    {"http://198.20.0.0/", EgressReason::none},
    {"http://192.0.1.255/", EgressReason::none},
    {"http://192.0.3.0/", EgressReason::none},
    {"http://223.255.255.255/", EgressReason::none},
    {"http://168.63.129.15/", EgressReason::none},
    {"http://168.63.129.17/", EgressReason::none},
    {"http://203.0.112.255/", EgressReason::none},
    {"http://203.0.114.0/", EgressReason::none},
    {"http://192.88.98.255/", EgressReason::none},
    {"http://192.88.100.0/", EgressReason::none},
    {"http://198.51.99.255/", EgressReason::none},
    {"http://198.51.101.0/", EgressReason::none},
    {"http://[2600::1]/", EgressReason::none},
    {"http://[2001:4860:4860::8888]/", EgressReason::none},
    {"http://[2a00:1450::1]:8080/", EgressReason::none},
    {"http://[2002:808:808::1]/", EgressReason::none},
    {"http://[64:ff9b::808:808]/", EgressReason::none},
    {"http://[::ffff:8.8.8.8]/", EgressReason::none},
    {"http://[2001:200::1]/", EgressReason::none},
    {"https://xn--bcher-kva.example/", EgressReason::none},
    {"http://tools.example/http://127.0.0.1/", EgressReason::none},
    {"http://tools.example/?u=http://169.254.169.254/", EgressReason::none},
    {"http://tools.example/@127.0.0.1", EgressReason::none},
    {"http://127.0.0.1.example/", EgressReason::none},
    {"http://a1.b2.example/", EgressReason::none},
    {"http://tools.example/%0d%0aHost:evil", EgressReason::none},
    {"file:///etc/passwd", EgressReason::scheme},
    {"gopher://tools.example/_x", EgressReason::scheme},
    {"ftp://tools.example/", EgressReason::scheme},
    {"dict://tools.example:11211/", EgressReason::scheme},
    {"ldap://tools.example/", EgressReason::scheme},
    {"ws://tools.example/", EgressReason::scheme},
    {"wss://tools.example/", EgressReason::scheme},
    {"data:text/plain,x", EgressReason::scheme},
    {"javascript:alert(1)", EgressReason::scheme},
    {"jar:http://tools.example!/", EgressReason::scheme},
    {"netdoc:///etc/passwd", EgressReason::scheme},
    {"FILE:///etc/passwd", EgressReason::scheme},
    {"ssh://tools.example", EgressReason::scheme},
    {"tftp://tools.example/", EgressReason::scheme},
    {"http+unix://%2fvar%2frun/", EgressReason::scheme},
    {"mailto:a@b.example", EgressReason::scheme},
    {"about:blank", EgressReason::scheme},
    {"blob:http://x", EgressReason::scheme},
    {"hTTpX://tools.example/", EgressReason::scheme},
    {"unix:/run/x", EgressReason::scheme},
    {" http://tools.example/", EgressReason::scheme},
    {"", EgressReason::url},
    {"http", EgressReason::url},
    {"//tools.example/", EgressReason::url},
    {"/path", EgressReason::url},
    {"tools.example/path", EgressReason::url},
    {"://tools.example", EgressReason::url},
    {":", EgressReason::url},
    {"http:tools.example", EgressReason::url},
    {"http:/tools.example", EgressReason::url},
    {"http:///path", EgressReason::url},
    {"http://", EgressReason::url},
    {"http://?x", EgressReason::url},
    {"http:// tools.example/", EgressReason::url},
    {"http://tools.example /", EgressReason::url},
    {"http://tools.example/a b", EgressReason::url},
    {"http://tools.example/\t", EgressReason::url},
    {"http://tools.example/\r\nX: y", EgressReason::url},
    {"http://tools.example\\a/", EgressReason::url},
    {"http:\\\\tools.example/", EgressReason::url},
    {"http://tools.example:0/", EgressReason::url},
    {"http://tools.example:65536/", EgressReason::url},
    {"http://tools.example:80x/", EgressReason::url},
    {"http://tools.example:/", EgressReason::url},
    {"http://tools.example:-1/", EgressReason::url},
    {"http://tools.example:99999999999/", EgressReason::url},
    {"http://tools.example\x7f/", EgressReason::url},
    {"http://:80/", EgressReason::url},
    {"http://user@tools.example/", EgressReason::userinfo},
    {"http://user:pass@tools.example/", EgressReason::userinfo},
    {"http://tools.example@127.0.0.1/", EgressReason::userinfo},
    {"http://127.0.0.1@tools.example/", EgressReason::userinfo},
    {"http://tools.example%2f@127.0.0.1/", EgressReason::userinfo},
    {"https://a:b@c@tools.example/", EgressReason::userinfo},
    {"http://@tools.example/", EgressReason::userinfo},
    {"http://:@tools.example/", EgressReason::userinfo},
    {"http://tools.example:80@169.254.169.254/", EgressReason::userinfo},
    {"http://x@[::1]/", EgressReason::userinfo},
    {"http://2130706433/", EgressReason::host},
    {"http://017700000001/", EgressReason::host},
    {"http://0x7f000001/", EgressReason::host},
    {"http://0x7f.0.0.1/", EgressReason::host},
    {"http://0177.0.0.1/", EgressReason::host},
    {"http://127.1/", EgressReason::host},
    {"http://127.0.1/", EgressReason::host},
    {"http://0/", EgressReason::host},
    {"http://1/", EgressReason::host},
    {"http://0x0/", EgressReason::host},
    {"http://127.0.0.01/", EgressReason::host},
    {"http://127.0.0.1./", EgressReason::host},
    {"http://00000177.0.0.1/", EgressReason::host},
    {"http://127.0.0.1.1/", EgressReason::host},
    {"http://256.1.1.1/", EgressReason::host},
    {"http://127.0.0.256/", EgressReason::host},
    {"http://1.2.3/", EgressReason::host},
    {"http://8.8.8.0x8/", EgressReason::host},
    {"http://a.b.1/", EgressReason::host},
    {"http://tools.0x7f/", EgressReason::host},
    {"http://3232235521/", EgressReason::host},
    {"http://0xa9fea9fe/", EgressReason::host},
    {"http://2852039166/", EgressReason::host},
    {"http://0xA9.0xFE.0xA9.0xFE/", EgressReason::host},
    {"http://0251.0376.0251.0376/", EgressReason::host},
    {"http://169.254.43518/", EgressReason::host},
    {"http://169.16689662/", EgressReason::host},
    {"http://tools.example./", EgressReason::host},
    {"http://.tools.example/", EgressReason::host},
    {"http://tools..example/", EgressReason::host},
    {"http://t\xc3\xb6ols.example/", EgressReason::host},
    {"http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa7.0.0.1/", EgressReason::host},
    {"http://127\xe3\x80\x82"
     "0\xe3\x80\x82"
     "0\xe3\x80\x82"
     "1/",
     EgressReason::host},
    {"http://tools%2eexample/", EgressReason::host},
    {"http://%31%32%37.0.0.1/", EgressReason::host},
    {"http://127.0.0.1%00.example/", EgressReason::host},
    {"http://[fe80::1%25eth0]/", EgressReason::host},
    {"http://[::1%251]/", EgressReason::host},
    {"http://[::1/", EgressReason::host},
    {"http://[v1.x]/", EgressReason::host},
    {"http://[]/", EgressReason::host},
    {"http://[::g]/", EgressReason::host},
    {"http://[127.0.0.1]/", EgressReason::address},
    {"http://[1:2:3:4:5:6:7:8:9]/", EgressReason::host},
    {"http://[::ffff:127.0.0.256]/", EgressReason::host},
    {"http://tools!.example/", EgressReason::host},
    {"http://$(x).example/", EgressReason::host},
    {"http://a,b.example/", EgressReason::host},
    {"http://tools.example;x/", EgressReason::host},
    {"http://*.example/", EgressReason::host},
    {"http://0x/", EgressReason::host},
    {"http://nowhere.example/", EgressReason::unresolved},
    {"https://gone.example:1/", EgressReason::unresolved},
    {"http://127.0.0.1/", EgressReason::address},
    {"http://127.0.0.1:22/", EgressReason::address},
    {"http://127.255.255.254/", EgressReason::address},
    {"http://0.0.0.0/", EgressReason::address},
    {"http://0.1.2.3/", EgressReason::address},
    {"http://10.0.0.1/", EgressReason::address},
    {"http://10.255.255.255/", EgressReason::address},
    {"http://100.64.0.0/", EgressReason::address},
    {"http://100.100.100.200/", EgressReason::address},
    {"http://100.127.255.255/", EgressReason::address},
    {"http://168.63.129.16/", EgressReason::address},
    {"http://169.254.0.0/", EgressReason::address},
    {"http://169.254.169.254/latest/meta-data/", EgressReason::address},
    {"http://169.254.170.2/v2/credentials", EgressReason::address},
    {"http://169.254.255.255/", EgressReason::address},
    {"http://172.16.0.0/", EgressReason::address},
    {"http://172.31.255.255/", EgressReason::address},
    {"http://192.0.0.192/", EgressReason::address},
    {"http://192.0.2.1/", EgressReason::address},
    {"http://192.88.99.1/", EgressReason::address},
    {"http://192.168.0.1/", EgressReason::address},
    {"http://192.168.255.255/", EgressReason::address},
    {"http://198.18.0.1/", EgressReason::address},
    {"http://198.19.255.255/", EgressReason::address},
    {"http://198.51.100.7/", EgressReason::address},
    {"http://203.0.113.7/", EgressReason::address},
    {"http://224.0.0.1/", EgressReason::address},
    {"http://239.255.255.255/", EgressReason::address},
    {"http://240.0.0.1/", EgressReason::address},
    {"http://255.255.255.255/", EgressReason::address},
    {"http://[::]/", EgressReason::address},
    {"http://[::1]/", EgressReason::address},
    {"http://[0:0:0:0:0:0:0:1]/", EgressReason::address},
    {"http://[::127.0.0.1]/", EgressReason::address},
    {"http://[::ffff:127.0.0.1]/", EgressReason::address},
    {"http://[::ffff:7f00:1]/", EgressReason::address},
    {"http://[::ffff:10.0.0.1]/", EgressReason::address},
    {"http://[::ffff:a9fe:a9fe]/", EgressReason::address},
    {"http://[0:0:0:0:0:ffff:192.168.1.1]/", EgressReason::address},
    {"http://[::8.8.8.8]/", EgressReason::address},
    {"http://[fe80::1]/", EgressReason::address},
    {"http://[febf::1]/", EgressReason::address},
    {"http://[fec0::1]/", EgressReason::address},
    {"http://[fc00::1]/", EgressReason::address},
    {"http://[fd00:ec2::254]/", EgressReason::address},
    {"http://[fdff::1]/", EgressReason::address},
    {"http://[ff02::1]/", EgressReason::address},
    {"http://[2001:db8::1]/", EgressReason::address},
    {"http://[2001::1]/", EgressReason::address},
    {"http://[2001:10::1]/", EgressReason::address},
    {"http://[2001:1ff::1]/", EgressReason::address},
    {"http://[2002:7f00:1::]/", EgressReason::address},
    {"http://[2002:a00:1::1]/", EgressReason::address},
    {"http://[2002:a9fe:a9fe::]/", EgressReason::address},
    {"http://[64:ff9b::7f00:1]/", EgressReason::address},
    {"http://[64:ff9b::a9fe:a9fe]/", EgressReason::address},
    {"http://[64:ff9b::10.0.0.1]/", EgressReason::address},
    {"http://[64:ff9b:1::1]/", EgressReason::address},
    {"http://[100::1]/", EgressReason::address},
    {"http://[3fff::1]/", EgressReason::address},
    {"http://[5f00::1]/", EgressReason::address},
    {"http://[4000::1]/", EgressReason::address},
    {"http://localhost/", EgressReason::address},
    {"http://internal.example/", EgressReason::address},
    {"http://metadata.example/", EgressReason::address},
    {"http://mixed.example/", EgressReason::address},
    {"http://mixed6.example/", EgressReason::address},
    {"http://mapped.example/", EgressReason::address},
    {"http://nat64.example/", EgressReason::address},
    {"http://rebind.example/", EgressReason::address},
    {"https://loop6.example/", EgressReason::address},
};

// A name service that answers by a script, and counts.
struct Names {
    std::map<std::string, std::vector<std::string>> of{{"tools.example", {"93.184.215.14"}},
                                                       {"a-b.c_d.example", {"93.184.215.14"}},
                                                       {"127.0.0.1.example", {"93.184.215.14"}},
                                                       {"a1.b2.example", {"93.184.215.14"}},
                                                       {"xn--bcher-kva.example", {"93.184.215.14"}},
                                                       {"two.example", {"93.184.215.14", "8.8.4.4"}},
                                                       {"six.example", {"2606:2800:21f::1"}},
                                                       {"localhost", {"127.0.0.1", "::1"}},
                                                       {"internal.example", {"10.1.2.3"}},
                                                       {"metadata.example", {"169.254.169.254"}},
                                                       {"mixed.example", {"93.184.215.14", "10.0.0.1"}},
                                                       {"mixed6.example", {"2606:2800:21f::1", "::1"}},
                                                       {"mapped.example", {"::ffff:169.254.169.254"}},
                                                       {"nat64.example", {"64:ff9b::7f00:1"}},
                                                       {"rebind.example", {"127.0.0.1"}},
                                                       {"loop6.example", {"::1"}},
                                                       {"gone.example", {}}};
    std::map<std::string, int> asked;

    EgressGuard::Lookup lookup() {
        return [this](std::string host, TimePoint) -> Task<Result<EgressGuard::Addresses>> {
            ++asked[host];
            const auto found = of.find(host);
            if (found == of.end()) co_return make_error_code(Errc::resolve_failed);
            EgressGuard::Addresses addresses;
            for (const auto& text : found->second) addresses.push_back(make_address(text));
            co_return addresses;
        };
    }
};

TEST(Egress, s11_table_of_urls) {
    ASSERT_GE(std::size(kUrls), 200U);
    Worker worker;
    worker.start();
    Names names;
    std::map<EgressReason, int> told;
    const EgressGuard guard({}, [&](EgressReason reason, const std::string&) { ++told[reason]; }, names.lookup());
    std::map<EgressReason, int> wanted;
    for (const auto& [url, want] : kUrls) {
        const auto verdict =
            run_on<EgressVerdict>(worker, [&, where = std::string(url)] { return guard.check(where, Clock::now() + std::chrono::seconds(5)); });
        EXPECT_EQ(name(verdict.reason), name(want)) << url;
        EXPECT_EQ(verdict.allowed(), !verdict.addresses.empty()) << url;
        if (want != EgressReason::none && want != EgressReason::unresolved) ++wanted[want];
    }
    EXPECT_EQ(told, wanted);
    worker.stop();
}

TEST(Egress, a_network_that_is_named_is_allowed_and_no_other) {
    const EgressGuard guard({"10.1.0.0/16", "127.0.0.1", "fd00::/8"});
    for (const auto* address : {"10.1.2.3", "127.0.0.1", "fd00:ec2::254", "8.8.8.8", "::ffff:10.1.2.3"})
        EXPECT_TRUE(guard.permits(make_address(address))) << address;
    for (const auto* address : {"10.2.0.1", "127.0.0.2", "169.254.169.254", "::1", "fe80::1"}) EXPECT_FALSE(guard.permits(make_address(address))) << address;
    EXPECT_THROW(EgressGuard({"10.1.0.0/33"}), std::invalid_argument);
    EXPECT_THROW(EgressGuard({"internal"}), std::invalid_argument);
}

// The name leads somewhere else the second time it is asked: nobody asks a second time.
TEST(Egress, s11_connects_to_the_address_that_was_checked) {
    EchoServer server;
    Worker worker;
    worker.start();
    Names names;
    names.of["tools.example"] = {"127.0.0.1"};
    const EgressGuard guard({"127.0.0.0/8"}, {}, names.lookup());
    const auto reply = run_on<Result<HttpReply>>(worker, [&]() -> Task<Result<HttpReply>> {
        HttpClient client(worker.executor());
        const std::string url = "http://tools.example:" + std::to_string(server.port()) + "/hello";
        HttpCall call("GET", url, std::chrono::seconds(5));
        auto answer = co_await guard.request(client, std::move(call));
        EXPECT_EQ(client.idle_connections(), 1U);
        // Kept connections are for those who may go to the same address: this one leads to loopback, which the second guard does not allow.
        names.of["tools.example"] = {"93.184.215.14"};
        const EgressGuard strict({}, {}, names.lookup());
        HttpCall again("GET", url, std::chrono::milliseconds(300));
        const auto elsewhere = co_await strict.request(client, std::move(again));
        EXPECT_FALSE(elsewhere);
        EXPECT_EQ(client.idle_connections(), 1U);
        co_return answer;
    });
    ASSERT_TRUE(reply) << reply.error().message();
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(names.asked["tools.example"], 2);
    worker.stop();
}

TEST(Egress, what_is_refused_is_not_sent) {
    EchoServer server;
    Worker worker;
    worker.start();
    const EgressGuard guard;
    const auto ec = run_on<error_code>(worker, [&]() -> Task<error_code> {
        HttpClient client(worker.executor());
        HttpCall call("GET", "http://127.0.0.1:" + std::to_string(server.port()) + "/hello", std::chrono::seconds(5));
        auto answer = co_await guard.request(client, std::move(call));
        EXPECT_EQ(client.idle_connections(), 0U);
        co_return answer ? error_code{} : answer.error();
    });
    EXPECT_EQ(ec, make_error_code(Errc::blocked));
    worker.stop();
}

// A redirect to where nobody may go is an ordinary reply, never followed.
TEST(Egress, s11_redirects_are_not_followed) {
    RawListener listener;
    Worker worker;
    worker.start();
    std::thread peer([&] {
        auto socket = listener.accept();
        (void)socket.receive_until("\r\n\r\n");
        socket.send("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n");
        (void)socket.receive_all();
    });
    const EgressGuard guard({"127.0.0.1"});
    const auto status = run_on<int>(worker, [&]() -> Task<int> {
        HttpClient client(worker.executor());
        HttpCall call("GET", "http://127.0.0.1:" + std::to_string(listener.port()) + "/", std::chrono::seconds(5));
        call.redirects = 5;
        auto answer = co_await guard.request(client, std::move(call));
        co_return answer ? answer->status : 0;
    });
    EXPECT_EQ(status, 302);
    peer.join();
    worker.stop();
}

}  // namespace
}  // namespace parley::net::test
