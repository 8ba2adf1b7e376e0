#include "serve/api.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/shipped.hpp"
#include "base/text.hpp"
#include "evaluation/fake_classifier.hpp"
#include "report/web_folder.hpp"

namespace thimble::serve {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using thimble::testing::FakeClassifier;

constexpr PictureShape kShape{4, 4, 1};

std::shared_ptr<const ServedModel> fake_model(const std::string& name) {
  return std::make_shared<ServedModel>(ServedModel{
      name, "0123456789ab", name,
      std::make_unique<FakeClassifier>(kShape, std::vector<std::string>{"a", "b", "c"})});
}

ServiceOptions one_worker() {
  ServiceOptions options;
  options.workers = 1;
  return options;
}

/// A picture of class `label`.
std::string png(std::size_t label) {
  Picture picture(kShape);
  picture.pixels[label] = 255;
  const std::vector<std::byte> bytes = encode_png(picture);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Answer : HttpResponse {
  explicit Answer(HttpResponse response) : HttpResponse(std::move(response)) {}
  std::string header(const std::string& name) const {
    const auto found =
        std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
    return found == headers.end() ? "" : found->second;
  }
  json parsed() const { return json::parse(body); }
};

using Headers = std::vector<std::pair<std::string, std::string>>;

class ApiTest : public ::testing::Test {
 protected:
  explicit ApiTest(ApiOptions options = {}) {
    web_.add("app.html", "<p>the page</p>");
    web_.add("app.js", "start();");
    web_.add("figures.js", "inside();");
    service_.emplace(std::vector{fake_model("one"), fake_model("two")}, one_worker(), metrics_);
    api_.emplace(std::move(options), *service_, metrics_);
  }

  Answer ask(const std::string& method, const std::string& target, const std::string& body = "",
             Headers headers = {}) {
    HttpRequest request;
    request.method = method;
    const std::size_t mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    request.query = target.substr(std::min(mark + 1, target.size()));
    request.headers = std::move(headers);
    request.body = body;
    request.received = std::chrono::steady_clock::now();
    std::promise<HttpResponse> promise;
    auto future = promise.get_future();
    api_->handle(std::move(request),
                 [&](HttpResponse response) { promise.set_value(std::move(response)); });
    return Answer(future.get());
  }

  report::WebFolder web_;
  Metrics metrics_;
  std::optional<Service> service_;
  std::optional<Api> api_;
};

TEST_F(ApiTest, ClassifiesAPicture) {
  const Answer answer = ask("POST", "/v1/classify?top=1", png(2));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.route, "/v1/classify");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  const json body = answer.parsed();
  EXPECT_EQ(body["model"]["name"], "one");
  EXPECT_EQ(body["results"][0]["class"], "c");
  EXPECT_EQ(body["results"][0]["top"].size(), 1u);
}

TEST_F(ApiTest, ClassifiesAFormAndLargeBodies) {
  const std::string large(400'000, ' ');
  const std::string form = large +
                           "\r\n--X\r\nContent-Disposition: form-data; name=p; filename=x\r\n\r\n" +
                           png(1) + "\r\n--X--";
  const Answer answer = ask("POST", "/v1/classify?model=two", form,
                            {{"content-type", "multipart/form-data; boundary=X"}});
  EXPECT_EQ(answer.parsed()["model"]["name"], "two");
  EXPECT_EQ(answer.parsed()["results"][0]["class"], "b");
  const Answer wrong = ask("POST", "/v1/classify", large + "{\"pictures\": [1]}",
                           {{"content-type", "application/json"}});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.parsed()["detail"], HasSubstr("pictures[0] is 1"));
}

TEST_F(ApiTest, ExplainsWhatItCannotDo) {
  const auto problem_of = [&](const std::string& method, const std::string& target, int status) {
    const Answer answer = ask(method, target, "GIF89a");
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.content_type, "application/problem+json");
    return answer.parsed()["detail"].get<std::string>();
  };
  EXPECT_THAT(problem_of("POST", "/v1/classify?model=three", 404), HasSubstr("one of: one, two"));
  EXPECT_THAT(problem_of("POST", "/v1/classify", 422), HasSubstr("GIF"));
  EXPECT_THAT(problem_of("GET", "/v1/nothing", 404), HasSubstr("nothing at /v1/nothing"));
  EXPECT_THAT(problem_of("GET", "/v1/models/x/y", 404), HasSubstr("nothing at"));
  EXPECT_THAT(problem_of("GET", "/v1/models/three", 404), HasSubstr("no model 'three'"));
  EXPECT_THAT(problem_of("GET", "/v1/samples/20.png", 404), HasSubstr("expected 0 to 19"));
  EXPECT_THAT(problem_of("GET", "/v1/samples/01.png", 404), HasSubstr("no sample '01'"));
  EXPECT_THAT(problem_of("POST", "/v1/reload", 404), HasSubstr("nothing at"));
  problem_of("GET", "/v1/classify", 405);
  EXPECT_EQ(ask("GET", "/v1/classify").header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(ask("PUT", "/form").header("Allow"), "POST, GET, HEAD, OPTIONS");
}

TEST_F(ApiTest, DescribesItsModels) {
  const json models = ask("GET", "/v1/models").parsed();
  EXPECT_EQ(models["default"], "one");
  EXPECT_EQ(models["models"][1]["name"], "two");
  const Answer one = ask("GET", "/v1/models/two");
  EXPECT_EQ(one.route, "/v1/models/{name}");
  EXPECT_EQ(one.parsed(), models["models"][1]);
  EXPECT_EQ(one.parsed()["input"], json::parse(R"({"height": 4, "width": 4, "channels": 1})"));
  EXPECT_EQ(one.parsed()["classes"], json::parse(R"(["a", "b", "c"])"));
  EXPECT_FALSE(ask("GET", "/v1/models/one/report").parsed()["sections"].empty());
  EXPECT_EQ(ask("GET", "/v1/models/three/report").status, 404);
}

TEST_F(ApiTest, GivesSamplesThatItDrew) {
  const json list = ask("GET", "/v1/samples").parsed()["samples"];
  EXPECT_EQ(list.size(), 20u);
  EXPECT_EQ(list[3], json::parse(R"({"id": "3", "class": "Trouser", "url": "/v1/samples/3.png"})"));
  const Answer answer = ask("GET", list[3]["url"]);
  EXPECT_EQ(answer.content_type, "image/png");
  const Picture picture = decode_picture(std::as_bytes(std::span(answer.body)), "sample");
  EXPECT_EQ(picture.shape, (PictureShape{280, 280, 3}));
  EXPECT_EQ(picture.pixels[0], 255);
  EXPECT_EQ(ask("GET", list[3]["url"], "", {{"if-none-match", answer.header("ETag")}}).status, 304);
}

TEST_F(ApiTest, GivesPagesAndFiles) {
  EXPECT_EQ(ask("GET", "/").body, "<p>the page</p>");
  EXPECT_EQ(ask("HEAD", "/app.js").body, "start();");
  EXPECT_EQ(ask("GET", "/figures.js").status, 404);
  EXPECT_EQ(ask("GET", "/pages.css").content_type, "text/css; charset=utf-8");
  for (const char* path : {"/docs", "/form"}) {
    const std::string page = ask("GET", path).body;
    EXPECT_THAT(page, HasSubstr("<!doctype html>"));
    // The content-security policy forbids both.
    EXPECT_THAT(page, Not(HasSubstr("<script")));
    EXPECT_THAT(page, Not(HasSubstr("style=")));
  }
}

TEST_F(ApiTest, AnswersTheFormWithAPage) {
  const Headers type = {{"content-type", "multipart/form-data; boundary=X"}};
  const std::string head =
      "--X\r\nContent-Disposition: form-data; name=pictures; filename=\"<b>&.png\"\r\n\r\n";
  const Answer answer = ask("POST", "/form", head + png(1) + "\r\n--X--", type);
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("&lt;b&gt;&amp;.png"));
  EXPECT_THAT(answer.body, HasSubstr("data:image/png;base64,"));
  EXPECT_THAT(answer.body, HasSubstr("<meter value=\"0.9"));
  EXPECT_THAT(answer.body, HasSubstr("<option>two</option>"));
  const Answer unreadable = ask("POST", "/form", head + "nonsense\r\n--X--", type);
  EXPECT_EQ(unreadable.status, 422);
  EXPECT_THAT(unreadable.body, HasSubstr("class=\"problem\""));
  const Answer empty = ask("POST", "/form", "--X--", type);
  EXPECT_EQ(empty.status, 400);
  EXPECT_THAT(empty.body, HasSubstr("choose one"));
}

TEST_F(ApiTest, SaysWhenItEnds) {
  EXPECT_EQ(ask("GET", "/readyz").status, 200);
  service_->stop();
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  const Answer answer = ask("POST", "/v1/classify", png(0));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.header("Retry-After"), "5");
  EXPECT_EQ(api_->under_way(), 0);
}

TEST_F(ApiTest, CountsInMetrics) {
  ask("POST", "/v1/classify", png(0));
  EXPECT_THAT(ask("GET", "/metrics").body, HasSubstr("thimble_pictures_total{"));
}

TEST_F(ApiTest, OtherSitesMayNotAsk) {
  const Answer answer =
      ask("OPTIONS", "/v1/classify", "",
          {{"origin", "https://shop.example"}, {"access-control-request-method", "POST"}});
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("Allow"), "POST, OPTIONS");
  for (const auto& [name, value] : answer.headers)
    EXPECT_FALSE(name.starts_with("Access-")) << name;
}

class GuardedApiTest : public ApiTest {
 protected:
  GuardedApiTest() : ApiTest({.token = "s3cret", .origins = {"https://shop.example"}}) {}
};

TEST_F(GuardedApiTest, AsksForTheToken) {
  const Headers right = {{"authorization", "bearer s3cret"}};
  for (const char* target : {"/v1/models", "/v1/models/one", "/metrics"}) {
    const Answer answer = ask("GET", target);
    EXPECT_EQ(answer.status, 401) << target;
    EXPECT_THAT(answer.header("WWW-Authenticate"), HasSubstr("Bearer"));
    EXPECT_EQ(ask("GET", target, "", right).status, 200) << target;
  }
  for (const char* value : {"Bearer s3cre", "Bearer s3crets", "Bearer", "Basic s3cret", "s3cret"}) {
    EXPECT_EQ(ask("POST", "/v1/classify", png(0), {{"authorization", value}}).status, 401) << value;
  }
  EXPECT_EQ(ask("POST", "/v1/classify", png(0), right).status, 200);
  for (const char* target : {"/", "/docs", "/form", "/app.js", "/healthz", "/readyz",
                             "/openapi.json", "/v1/samples", "/v1/samples/0.png"}) {
    EXPECT_EQ(ask("GET", target).status, 200) << target;
  }
}

TEST_F(GuardedApiTest, FormBringsTheTokenAsAField) {
  EXPECT_THAT(ask("GET", "/form").body, HasSubstr("type=\"password\""));
  const auto post = [&](const std::string& token) {
    return ask("POST", "/form",
               "--X\r\nContent-Disposition: form-data; name=token\r\n\r\n" + token +
                   "\r\n--X\r\nContent-Disposition: form-data; name=p; filename=a\r\n\r\n" +
                   png(0) + "\r\n--X--",
               {{"content-type", "multipart/form-data; boundary=X"}});
  };
  EXPECT_EQ(post("s3cret").status, 200);
  EXPECT_EQ(post("wrong").status, 403);
}

TEST_F(GuardedApiTest, ReloadsOnlyWithTheToken) {
  EXPECT_EQ(ask("POST", "/v1/reload").status, 401);
  const Answer answer = ask("POST", "/v1/reload", "", {{"authorization", "Bearer s3cret"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.parsed()["models"].size(), 2u);
}

TEST_F(GuardedApiTest, ConfiguredSitesMayAsk) {
  const auto preflight = [&](const std::string& origin) {
    return ask("OPTIONS", "/v1/classify", "",
               {{"origin", origin}, {"access-control-request-method", "POST"}});
  };
  const Answer known = preflight("https://shop.example");
  EXPECT_EQ(known.header("Access-Control-Allow-Origin"), "https://shop.example");
  EXPECT_THAT(known.header("Access-Control-Allow-Headers"), HasSubstr("Authorization"));
  EXPECT_EQ(known.header("Vary"), "Origin");
  for (const char* origin : {"https://shop.example.evil", "http://shop.example", "null"}) {
    const Answer other = preflight(origin);
    EXPECT_EQ(other.header("Access-Control-Allow-Origin"), "") << origin;
    EXPECT_EQ(other.header("Access-Control-Allow-Methods"), "") << origin;
  }
  // Also where the answer is a refusal: the page should see why.
  const Answer refused = ask("GET", "/v1/models", "", {{"origin", "https://shop.example"}});
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("Access-Control-Allow-Origin"), "https://shop.example");
}

std::set<std::string> routes_of(const json& openapi) {
  std::set<std::string> routes;
  for (const auto& [path, methods] : openapi["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) routes.insert(method + " " + path);
  }
  return routes;
}

/// Every "$ref" leads somewhere.
void check_references(const json& part, const json& whole) {
  if (part.is_object() && part.contains("$ref")) {
    const std::string place = part["$ref"].get<std::string>().substr(1);
    EXPECT_TRUE(whole.contains(json::json_pointer(place))) << place;
  }
  if (part.is_structured()) {
    for (const auto& item : part) check_references(item, whole);
  }
}

TEST_F(GuardedApiTest, OpenApiDescribesEveryRouteAndNoOther) {
  const json openapi = ask("GET", "/openapi.json").parsed();
  EXPECT_EQ(openapi["openapi"], "3.1.0");
  EXPECT_EQ(openapi["info"]["version"], program_version());
  check_references(openapi, openapi);
  std::set<std::string> routes;
  for (const Route& route : api_->routes())
    routes.insert(to_lower(route.method) + " " + route.path);
  EXPECT_EQ(routes_of(openapi), routes);
}

TEST(ApiWithoutNode, GivesTheFormInThePlaceOfThePage) {
  const report::WebFolder nothing;
  Metrics metrics;
  Service service({fake_model("one")}, one_worker(), metrics);
  Api api({}, service, metrics);
  HttpRequest request;
  request.method = "GET";
  request.path = "/";
  std::string body;
  api.handle(request, [&](HttpResponse response) { body = response.body; });
  EXPECT_THAT(body, HasSubstr("action=\"/form\""));
}

}  // namespace
}  // namespace thimble::serve
