#include "certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <cstdio>
#include <stdexcept>

namespace parley::net::test {
namespace {

EVP_PKEY* new_key() {
    return EVP_EC_gen("P-256");
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    if (extension == nullptr) throw std::runtime_error("extension " + value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

X509* new_certificate(EVP_PKEY* key, const std::string& name, long serial, int days) {
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400L * 60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * days);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return certificate;
}

void write(const std::string& file, auto&& writer) {
    std::FILE* out = std::fopen(file.c_str(), "w");
    if (out == nullptr) throw std::runtime_error(file);
    writer(out);
    std::fclose(out);
}

}  // namespace

struct Certificates::Authority {
    EVP_PKEY* key = new_key();
    X509* certificate = new_certificate(key, "test authority", 1, 30);
    long serial = 1;
};

Certificates::Certificates() : authority_(new Authority) {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-net-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = pattern;
    X509* certificate = authority_->certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    X509_sign(certificate, authority_->key, EVP_sha256());
    write(ca(), [&](std::FILE* out) { PEM_write_X509(out, certificate); });
}

Certificates::~Certificates() {
    X509_free(authority_->certificate);
    EVP_PKEY_free(authority_->key);
    delete authority_;
    std::filesystem::remove_all(directory_);
}

Certificates::Pair Certificates::issue(const std::string& file, const std::string& name, int days) {
    const Pair pair{(directory_ / (file + ".pem")).string(), (directory_ / (file + ".key")).string()};
    EVP_PKEY* key = new_key();
    X509* certificate = new_certificate(key, name, ++authority_->serial, days);
    X509_set_issuer_name(certificate, X509_get_subject_name(authority_->certificate));
    const bool address = name.find_first_not_of("0123456789.") == std::string::npos;
    add_extension(certificate, authority_->certificate, NID_subject_alt_name, (address ? "IP:" : "DNS:") + name);
    X509_sign(certificate, authority_->key, EVP_sha256());
    write(pair.certificate, [&](std::FILE* out) { PEM_write_X509(out, certificate); });
    write(pair.key, [&](std::FILE* out) { PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
    X509_free(certificate);
    EVP_PKEY_free(key);
    return pair;
}

}  // namespace parley::net::test
