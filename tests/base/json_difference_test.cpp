#include "base/json_difference.hpp"

#include <gtest/gtest.h>

namespace thimble {
namespace {

using nlohmann::json;

TEST(FirstDifference, NamesThePlaceAndBothValues) {
  const json before = {{"a", 1}, {"b", {{"c", "x"}, {"d", {1, 2}}}}};
  EXPECT_EQ(first_difference(before, before), "");
  json now = before;
  now["b"]["c"] = "y";
  EXPECT_EQ(first_difference(before, now), "b.c was \"x\", is now \"y\"");
  now = before;
  now["b"]["d"] = {1, 3};
  EXPECT_EQ(first_difference(before, now), "b.d was [1,2], is now [1,3]");
  now = before;
  now["b"].erase("d");
  EXPECT_EQ(first_difference(before, now), "b.d was [1,2], is now nothing");
  EXPECT_EQ(first_difference(json::object(), before), "a was nothing, is now 1");
}

TEST(FirstDifference, LooksIntoListsOfTables) {
  const json before = {{"models", {{{"name", "a"}}, {{"name", "b"}}}}};
  json now = before;
  now["models"][1]["name"] = "c";
  EXPECT_EQ(first_difference(before, now), "models[2].name was \"b\", is now \"c\"");
  now["models"].push_back({{"name", "d"}});
  EXPECT_EQ(first_difference(before, now), "models was a list, is now a list");
}

}  // namespace
}  // namespace thimble
