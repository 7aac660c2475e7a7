#include "chains/evm/http_url.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace margrave::chains::evm {
namespace {

TEST_CASE("every part of a URL that may be a key is blotted out", "[evm][http][secrets]") {
    const UrlSecrets secrets(
        "https://Aladdin:open%20sesame@x.test/v2/c4narypath?apikey0=val%3d&k=q7");
    CHECK(secrets.redact("GET /v2/c4narypath") == "GET /v2/***");
    CHECK(secrets.redact("apikey0=val%3d, decoded val=") == "***=***, decoded ***");
    CHECK(secrets.redact("Aladdin open%20sesame open sesame") == "*** *** ***");
    CHECK(secrets.redact("rate limited, v2") == "rate limited, v2");
    CHECK(secrets.redact("next=%2Fv2%2Fc4narypath%3Fapikey0%3Dval%253d") ==
          "next=%2Fv2%2F***%3F***%3D***");
    CHECK(UrlSecrets("https://x.test/c4n+ary").redact("?back=c4n%2Bary") == "?back=***");
    // The header of RFC 7617's example.
    CHECK(secrets.redact("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == "Basic ***");
    for (const auto* const url :
         {"https://u:12@x.test/", "https://u:123@x.test/", "https://u:1234@x.test/"}) {
        INFO(url);
        const std::string header = std::string(url) == "https://u:12@x.test/"    ? "dToxMg=="
                                   : std::string(url) == "https://u:123@x.test/" ? "dToxMjM="
                                                                                 : "dToxMjM0";
        CHECK(UrlSecrets(url).redact("Basic " + header) == "Basic ***");
    }
}

}  // namespace
}  // namespace margrave::chains::evm
