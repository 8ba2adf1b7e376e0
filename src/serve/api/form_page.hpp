// The page that needs no JavaScript: a form, and what came of it.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "serve/service.hpp"

namespace thimble::serve {

struct FormPage {
  std::vector<std::shared_ptr<const ServedModel>> models;
  bool asks_token = false;
};

/// The form alone.
std::string form_page(const FormPage& form);

/// The form below what it was answered.
/// @param top  how many classes to show for each picture
std::string result_page(const FormPage& form, const JobAnswer& answer, std::size_t top);

/// The form below why it cannot be answered.
std::string error_page(const FormPage& form, const std::string& title, const std::string& detail);

}  // namespace thimble::serve
