#include "report/html_page.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "report/web_folder.hpp"

namespace thimble::report {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Report small_report(const std::string& title) {
  Report report;
  report.title = title;
  report.sections.push_back(
      {"facts", "Facts", "There are <two> of them.", {Facts{{{"Two", "2", "not three"}}}}});
  return report;
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin) + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

std::string data_of(const std::string& html) {
  return between(html, "<script type=\"application/json\" id=\"report-data\">", "</script>");
}

class HtmlPage : public ::testing::Test {
 protected:
  HtmlPage() {
    web_.add("report.js", "draw();");
    web_.add("report.css", "body { color: black }");
  }
  WebFolder web_;
};

TEST_F(HtmlPage, HoldsEverythingItNeeds) {
  const std::string html = html_page(small_report("A & B"));
  EXPECT_THAT(html, AllOf(HasSubstr("<html lang=\"en\">"), HasSubstr("<title>A &amp; B</title>"),
                          HasSubstr("<style>body { color: black }</style>"),
                          HasSubstr("<script>draw();</script>"), HasSubstr("<div id=\"app\">"),
                          HasSubstr("default-src 'none'"), Not(HasSubstr("http://")),
                          Not(HasSubstr("https://"))));
  EXPECT_EQ(json::parse(data_of(html)).at("title"), "A & B");
}

TEST_F(HtmlPage, NothingInTheReportEndsAnElement) {
  const std::string title = "</script><!-- </title> \xE2\x80\xA8\xE2\x80\xA9 \"'&\\u003c";
  const std::string html = html_page(small_report(title));
  const std::string data = data_of(html);
  EXPECT_THAT(data, AllOf(Not(HasSubstr("<")), Not(HasSubstr("\xE2\x80\xA8"))));
  EXPECT_EQ(json::parse(data).at("title"), title);
  EXPECT_EQ(between(html, "<title>", "</title>").find('<'), std::string::npos);
}

TEST_F(HtmlPage, SurvivesTextThatIsNotUtf8) {
  const std::string html = html_page(small_report("caf\xE9"));
  EXPECT_EQ(json::parse(data_of(html)).at("title"), "caf\xEF\xBF\xBD");
}

TEST_F(HtmlPage, SaysWhatWasFoundWithoutScripts) {
  const std::string plain = between(html_page(small_report("T")), "<noscript>", "</noscript>");
  EXPECT_THAT(plain, AllOf(HasSubstr("There are &lt;two&gt; of them."),
                           HasSubstr("<li>Two: 2, not three</li>")));
}

TEST_F(HtmlPage, IsWrittenWholeOrNotAtAll) {
  const TemporaryFolder folder;
  write_html(folder / "page.html", small_report("T"));
  EXPECT_EQ(read_text(folder / "page.html"), html_page(small_report("T")));
  EXPECT_THROW(write_html(folder / "missing" / "page.html", small_report("T")), FileError);
}

TEST(HtmlPageWithoutFiles, SaysWhatToDo) {
  const WebFolder empty;
  EXPECT_THAT(message_of<FileError>([] { html_page(small_report("T")); }),
              AllOf(HasSubstr("report.js"), HasSubstr("unset"), HasSubstr("THIMBLE_WEB")));
}

}  // namespace
}  // namespace thimble::report
