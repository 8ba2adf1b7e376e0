#include "serve/api.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "data/garment_drawer.hpp"
#include "report/model_report.hpp"
#include "serve/api/access_rules.hpp"
#include "serve/api/classify_answer.hpp"
#include "serve/api/classify_request.hpp"
#include "serve/api/errands.hpp"
#include "serve/api/form_page.hpp"
#include "serve/api/model_list.hpp"
#include "serve/api/request_error.hpp"
#include "serve/api/samples.hpp"
#include "serve/api/site.hpp"
#include "serve/router.hpp"

namespace thimble::serve {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::ordered_json;

constexpr std::size_t kMaxErrands = 64;
constexpr const char* kJson = "application/json";
constexpr const char* kHtml = "text/html; charset=utf-8";

HttpResponse content(std::string type, std::string body) {
  HttpResponse response;
  response.content_type = std::move(type);
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse json_content(const ordered_json& json) {
  return content(kJson, json.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

HttpResponse problem_of(const RequestError& error) {
  return problem(error.status(), error.title(), error.what());
}

/// 503 with when to try again.
HttpResponse unavailable(std::string_view title, std::string_view detail, int retry_seconds) {
  HttpResponse response = problem(503, title, detail);
  response.headers.emplace_back("Retry-After", std::to_string(retry_seconds));
  return response;
}

HttpResponse busy() {
  return unavailable("Too busy", "More requests wait than the service can answer soon; try again",
                     1);
}

HttpResponse ending() {
  return unavailable("Service ends", "The service ends and takes no more requests", 5);
}

double milliseconds_since(Clock::time_point time) {
  return std::chrono::duration<double, std::milli>(Clock::now() - time).count();
}

std::string names(const std::vector<std::shared_ptr<const ServedModel>>& models) {
  std::string text;
  for (const auto& model : models) text += (text.empty() ? "" : ", ") + model->name;
  return text;
}

}  // namespace

class Api::Impl {
 public:
  Impl(ApiOptions options, Service& service, Metrics& metrics);
  ~Impl();

  void handle(HttpRequest request, Respond respond);
  const std::vector<Route>& routes() const { return router_.routes(); }
  std::int64_t under_way() const { return under_way_.value(); }

 private:
  void add_routes();
  void add_pages();
  void add(const char* method, const char* path, bool open, void (Impl::*answer)(Call));

  void dispatch(Call call);
  HttpResponse no_route(const HttpRequest& request) const;
  /// Calls `answer`, and answers with a problem what it throws.
  void guarded(const Respond& respond, const std::function<void()>& answer) const;
  /// Does it on the errands' thread.
  void later(const Respond& respond, std::function<void()> answer);

  /// Calls `submit`, on the errands' thread where reading the body takes long.
  void parse_then(void (Impl::*submit)(Call), Call call);
  void classify(Call call);
  void submit_classification(Call call);
  void file(Call call);
  void form(Call call);
  void classify_form(Call call);
  void submit_form(Call call);
  void models(Call call);
  void model(Call call);
  void model_report(Call call);
  void sample_list(Call call);
  void sample(Call call);
  void reload(Call call);
  void ready(Call call);

  HttpResponse not_accepted(Submission submission, const std::string& model) const;
  HttpResponse model_not_found(const std::string& name) const;
  FormPage form_data() const { return {service_.models(), !options_.token.empty()}; }
  HttpResponse form_problem(const HttpResponse& problem, const std::string& title,
                            const std::string& detail) const;

  ApiOptions options_;
  OriginRules origins_;
  Service& service_;
  Metrics& metrics_;
  Gauge& under_way_;
  const Site site_;
  Router router_;
  SampleFiles samples_;
  Errands errands_{kMaxErrands};  ///< last, so that it ends before what it uses
};

Api::Impl::Impl(ApiOptions options, Service& service, Metrics& metrics)
    : options_(std::move(options)),
      origins_(options_.origins),
      service_(service),
      metrics_(metrics),
      under_way_(metrics.gauge("thimble_http_requests_in_flight",
                               "Requests that have come and are not answered.")) {
  add_routes();
  add_pages();
}

Api::Impl::~Impl() {
  // What the service has not answered yet comes back through here.
  while (under_way() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void Api::Impl::add(const char* method, const char* path, bool open, void (Impl::*answer)(Call)) {
  router_.add(
      {method, path, open, [this, answer](Call call) { (this->*answer)(std::move(call)); }});
}

void Api::Impl::add_routes() {
  add("POST", "/v1/classify", false, &Impl::classify);
  add("GET", "/v1/models", false, &Impl::models);
  add("GET", "/v1/models/{name}", false, &Impl::model);
  add("GET", "/v1/models/{name}/report", false, &Impl::model_report);
  add("GET", "/v1/samples", true, &Impl::sample_list);
  add("GET", "/v1/samples/{id}.png", true, &Impl::sample);
  // Without a token anybody could keep the disk busy.
  if (!options_.token.empty()) add("POST", "/v1/reload", false, &Impl::reload);
  add("GET", "/readyz", true, &Impl::ready);
  router_.add({"GET", "/healthz", true,
               [](Call call) { call.respond(content("text/plain; charset=utf-8", "ok\n")); }});
  router_.add({"GET", "/metrics", false, [this](Call call) {
                 call.respond(content("text/plain; version=0.0.4", metrics_.to_prometheus()));
               }});
}

void Api::Impl::add_pages() {
  add("POST", "/form", true, &Impl::classify_form);
  add("GET", "/form", true, &Impl::form);
  add("GET", "/docs", true, &Impl::file);
  add("GET", "/openapi.json", true, &Impl::file);
  add("GET", "/", true, site_.find("/") != nullptr ? &Impl::file : &Impl::form);
}

void Api::Impl::file(Call call) {
  call.respond(site_.find(call.request.path)->answer(call.request));
}

void Api::Impl::guarded(const Respond& respond, const std::function<void()>& answer) const {
  try {
    answer();
  } catch (const RequestError& error) {
    respond(problem_of(error));
  } catch (const std::exception& error) {
    respond(problem(500, "Error in the service", error.what()));
  }
}

void Api::Impl::later(const Respond& respond, std::function<void()> answer) {
  const bool taken =
      errands_.run([this, respond, answer = std::move(answer)] { guarded(respond, answer); });
  if (!taken) respond(busy());
}

HttpResponse Api::Impl::no_route(const HttpRequest& request) const {
  const std::string allowed = router_.allowed_methods(request.path);
  if (allowed.empty()) {
    return problem(
        404, "Not found",
        fmt::format("There is nothing at {}; /docs describes what there is", request.path));
  }
  HttpResponse response =
      problem(405, "Method not allowed",
              fmt::format("{} is not for {}, expected {}", request.path, request.method, allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

void Api::Impl::handle(HttpRequest request, Respond respond) {
  if (!origins_.none()) {
    // The answer comes later; what it depends on is small.
    HttpRequest asked;
    asked.headers.emplace_back("origin", request.header("origin"));
    respond = [this, asked = std::move(asked),
               respond = std::move(respond)](HttpResponse response) {
      origins_.apply(asked, response);
      respond(std::move(response));
    };
  }
  dispatch({std::move(request), std::move(respond)});
}

void Api::Impl::dispatch(Call call) {
  const HttpRequest& request = call.request;
  std::optional<RouteMatch> match = router_.find(request.method, request.path);
  if (!match) {
    const StaticFile* file = site_.find(request.path);
    if (file != nullptr && (request.method == "GET" || request.method == "HEAD")) {
      HttpResponse response = file->answer(request);
      response.route = "/{file}";
      return call.respond(std::move(response));
    }
    if (request.method == "OPTIONS") {
      const std::string methods = router_.allowed_methods(request.path);
      if (!methods.empty()) return call.respond(origins_.preflight(request, methods));
    }
    return call.respond(no_route(request));
  }
  const Route& route = *match->route;
  // Counted and logged under the template, whatever becomes of it.
  const Respond respond = [&path = route.path, &under_way = under_way_,
                           respond = std::move(call.respond)](HttpResponse response) {
    response.route = path;
    respond(std::move(response));
    under_way.add(-1);
  };
  under_way_.add(1);
  if (!route.open && !is_authorized(request, options_.token)) return respond(unauthorized());
  call.argument = std::move(match->argument);
  call.respond = respond;
  guarded(respond, [&] { route.answer(std::move(call)); });
}

void Api::Impl::parse_then(void (Impl::*submit)(Call), Call call) {
  if (!is_slow_to_parse(call.request)) return (this->*submit)(std::move(call));
  const Respond respond = call.respond;
  later(respond, [this, submit, call = std::make_shared<Call>(std::move(call))] {
    (this->*submit)(std::move(*call));
  });
}

void Api::Impl::classify(Call call) { parse_then(&Impl::submit_classification, std::move(call)); }

void Api::Impl::classify_form(Call call) { parse_then(&Impl::submit_form, std::move(call)); }

void Api::Impl::submit_classification(Call call) {
  ClassifyRequest parsed = parse_classify_request(call.request, options_.max_pictures);
  const std::string model = parsed.job.model;
  const Submission submission = service_.submit(
      std::move(parsed.job), [respond = call.respond, top = parsed.top,
                              received = call.request.received](const JobAnswer& answer) {
        respond(classify_answer(answer, top, milliseconds_since(received)));
      });
  if (submission != Submission::accepted) call.respond(not_accepted(submission, model));
}

HttpResponse Api::Impl::not_accepted(Submission submission, const std::string& model) const {
  switch (submission) {
    case Submission::unknown_model:
      return model_not_found(model);
    case Submission::stopping:
      return ending();
    default:
      return busy();
  }
}

HttpResponse Api::Impl::model_not_found(const std::string& name) const {
  return problem(404, "Model not found",
                 fmt::format("There is no model '{}', expected one of: {}", name.substr(0, 80),
                             names(service_.models())));
}

void Api::Impl::form(Call call) { call.respond(content(kHtml, form_page(form_data()))); }

HttpResponse Api::Impl::form_problem(const HttpResponse& problem, const std::string& title,
                                     const std::string& detail) const {
  HttpResponse page = content(kHtml, error_page(form_data(), title, detail));
  page.status = problem.status;
  for (const auto& header : problem.headers) page.headers.push_back(header);
  return page;
}

void Api::Impl::submit_form(Call call) {
  try {
    ClassifyForm form = parse_classify_form(call.request, options_.max_pictures);
    if (!options_.token.empty() && !same_secret(form.token, options_.token)) {
      throw RequestError(403, "Token needed", "The token is not the right one");
    }
    const std::string model = form.request.job.model;
    const Submission submission = service_.submit(
        std::move(form.request.job),
        [this, respond = call.respond, top = form.request.top](const JobAnswer& answer) {
          HttpResponse page = content(kHtml, result_page(form_data(), answer, top));
          page.log = log_members(answer);
          if (all_failed(answer)) page.status = no_picture_answered(answer).status;
          respond(std::move(page));
        });
    if (submission == Submission::accepted) return;
    const HttpResponse refusal = not_accepted(submission, model);
    const nlohmann::json details = nlohmann::json::parse(refusal.body);
    call.respond(form_problem(refusal, details.at("title"), details.at("detail")));
  } catch (const RequestError& error) {
    call.respond(form_problem(problem_of(error), error.title(), error.what()));
  }
}

void Api::Impl::models(Call call) { call.respond(json_content(to_json(service_.models()))); }

void Api::Impl::model(Call call) {
  const auto model = service_.model(call.argument);
  call.respond(model ? json_content(to_json(*model)) : model_not_found(call.argument));
}

void Api::Impl::model_report(Call call) {
  const auto model = service_.model(call.argument);
  if (!model) return call.respond(model_not_found(call.argument));
  const Respond respond = call.respond;
  later(respond, [respond, model] {
    const report::Report report =
        report::model_report(model->classifier->description(), model->version);
    respond(json_content(report::to_json(report)));
  });
}

void Api::Impl::sample_list(Call call) {
  ordered_json list = ordered_json::array();
  for (std::size_t i = 0; i < samples().size(); ++i) {
    list.push_back({{"id", std::to_string(i)},
                    {"class", garment_class_names()[samples()[i].label]},
                    {"url", fmt::format("/v1/samples/{}.png", i)}});
  }
  call.respond(json_content({{"samples", std::move(list)}}));
}

void Api::Impl::sample(Call call) {
  const auto answer = [this](const Call& asked) {
    const StaticFile* file = samples_.find(asked.argument);
    asked.respond(file != nullptr
                      ? file->answer(asked.request)
                      : problem(404, "Sample not found",
                                fmt::format("There is no sample '{}', expected 0 to {}",
                                            asked.argument.substr(0, 80), samples().size() - 1)));
  };
  if (samples_.is_drawn(call.argument)) return answer(call);
  const Respond respond = call.respond;
  later(respond, [answer, call = std::move(call)] { answer(call); });
}

void Api::Impl::reload(Call call) {
  const Respond respond = call.respond;
  later(respond, [this, respond] {
    try {
      service_.reload();
      respond(json_content(to_json(service_.models())));
    } catch (const Error& error) {
      respond(problem(500, "Models not reloaded",
                      fmt::format("{}; the models stay as they were", error.what())));
    }
  });
}

void Api::Impl::ready(Call call) {
  call.respond(service_.stopping() ? ending() : content("text/plain; charset=utf-8", "ready\n"));
}

Api::Api(ApiOptions options, Service& service, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), service, metrics)) {}

Api::~Api() = default;

void Api::handle(HttpRequest request, Respond respond) {
  impl_->handle(std::move(request), std::move(respond));
}

const std::vector<Route>& Api::routes() const { return impl_->routes(); }

std::int64_t Api::under_way() const { return impl_->under_way(); }

}  // namespace thimble::serve
