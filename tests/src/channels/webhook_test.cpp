#include "channels/webhook.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/errors.hpp"

using namespace margrave;
using namespace margrave::channels;

TEST_CASE("a webhook is signed as Standard Webhooks does", "[webhook]") {
    // The example of standard-webhooks' own libraries (their tests' secret, id, time and payload).
    const auto secret = parse_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    CHECK(webhook_signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                            R"({"test": 2432232314})") ==
          "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("a webhook's secret is whsec_ and 24 to 64 bytes in base64", "[webhook]") {
    CHECK(parse_webhook_secret("whsec_" + std::string(32, 'A')).size() == 24);
    CHECK(parse_webhook_secret("whsec_" + std::string(84, 'A') + "AA==").size() == 64);
    for (const std::string& bad :
         {std::string(), std::string("whsec_"), std::string(32, 'A'),
          "whsec_" + std::string(28, 'A'), "whsec_" + std::string(88, 'A'),
          "whsec_" + std::string(31, 'A') + " ", "whsec_" + std::string(31, 'A') + "\n",
          "whsec_" + std::string(31, 'A') + "!"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(parse_webhook_secret(bad), core::InputError);
    }
}
