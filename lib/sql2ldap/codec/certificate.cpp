#include <sql2ldap/codec/certificate.hpp>

#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace sql2ldap::codec {
namespace {

struct free_openssl {
  void operator()(X509* one) const noexcept { X509_free(one); }
  void operator()(X509_STORE* one) const noexcept { X509_STORE_free(one); }
  void operator()(X509_STORE_CTX* one) const noexcept { X509_STORE_CTX_free(one); }
  void operator()(BIO* one) const noexcept { BIO_free(one); }
  void operator()(GENERAL_NAMES* some) const noexcept { GENERAL_NAMES_free(some); }
};
template <class T>
using owner = std::unique_ptr<T, free_openssl>;

std::string text_in(BIO* memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

std::string text_of(const ASN1_TIME* time) {
  const owner<BIO> memory(BIO_new(BIO_s_mem()));
  return memory && ASN1_TIME_print(memory.get(), time) == 1 ? text_in(memory.get()) : "a date that cannot be read";
}

std::string text_of(const X509_NAME* name) {
  const owner<BIO> memory(BIO_new(BIO_s_mem()));
  return memory && X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) >= 0 ? text_in(memory.get()) : "";
}

std::string names_in(const X509* certificate) {
  const owner<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string out;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* one = sk_GENERAL_NAME_value(names.get(), i);
    if (one->type != GEN_DNS) continue;
    const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(one->d.dNSName));
    out += fmt::format("{}{}", out.empty() ? "" : ", ",
                       std::string_view(bytes, static_cast<std::size_t>(ASN1_STRING_length(one->d.dNSName))));
  }
  return out.empty() ? text_of(X509_get_subject_name(certificate)) : out;
}

bool bears(X509* certificate, const std::string& host) {
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

// The server's intermediate authorities are not known here, so that "no" is no proof.
bool is_signed_by(X509* certificate, std::string_view authorities) {
  const owner<X509_STORE> store(X509_STORE_new());
  const owner<X509_STORE_CTX> context(X509_STORE_CTX_new());
  const owner<BIO> text(BIO_new_mem_buf(authorities.data(), static_cast<int>(authorities.size())));
  if (!store || !context || !text) return false;
  while (const owner<X509> one{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)})
    X509_STORE_add_cert(store.get(), one.get());
  ERR_clear_error();
  X509_STORE_set_flags(store.get(), X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
  return X509_STORE_CTX_init(context.get(), store.get(), certificate, nullptr) == 1 &&
         X509_verify_cert(context.get()) == 1;
}

}  // namespace

certificate_objection objection_to_certificate(std::string_view der, const std::string& host,
                                               std::string_view authorities, const std::string& ca_file) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const owner<X509> certificate(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  if (!certificate) return {};
  const ASN1_TIME* ends = X509_get0_notAfter(certificate.get());
  const ASN1_TIME* begins = X509_get0_notBefore(certificate.get());
  if (X509_cmp_current_time(ends) < 0)
    return {"the server's certificate expired on " + text_of(ends), "renew the server's certificate"};
  if (X509_cmp_current_time(begins) > 0)
    return {"the server's certificate is valid from " + text_of(begins), "is the clock of this host right?"};
  if (!bears(certificate.get(), host))
    return {fmt::format("the server's certificate is for {}, not for {}", names_in(certificate.get()), host),
            "name the server in the URI as its certificate does"};
  if (!is_signed_by(certificate.get(), authorities))
    return {fmt::format("the server's certificate is signed by {}, and no authority in {} is known to vouch for it",
                        text_of(X509_get_issuer_name(certificate.get())), ca_file),
            "give the certificate of that authority with --ca-file"};
  return {};
}

}  // namespace sql2ldap::codec
