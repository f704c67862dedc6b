#include "parley/spoken/shape.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace parley::spoken {
namespace {

struct Row {
    std::string_view written, spoken;
};

// clang-format off
constexpr auto kUnitedStates = std::to_array<Row>({
    {"Call 555-123-4567.", "Call five five five, one two three, four five six seven."},
    {"Call 555.123.4567 today", "Call five five five, one two three, four five six seven today"},
    {"Dial 1-800-555-0199.", "Dial one, eight zero zero, five five five, zero one nine nine."},
    {"My number is 555-1234.", "My number is five five five, one two three four."},
    {"+1 (415) 555-2671", "plus one, four one five, five five five, two six seven one"},
    {"+49 30 901820", "plus four nine, three zero, nine zero one eight two zero"},
    {"(020) 7946 0958 is it", "zero two zero, seven nine four six, zero nine five eight is it"},
    {"call 415-555-2671 x22", "call four one five, five five five, two six seven one, extension two two"},
    {"100-1000 users", "one hundred to one thousand users"},
    {"2025-01-02", "January second, twenty twenty-five"},
    {"2025-12-31T23:59:59Z", "December thirty-first, twenty twenty-five, twenty-three fifty-nine and fifty-nine seconds UTC"},
    {"01/02/2025", "January second, twenty twenty-five"},
    {"13/02/2025", "February thirteenth, twenty twenty-five"},
    {"2/30/2025", "two slash thirty slash twenty twenty-five"},
    {"02/14/99", "February fourteenth, nineteen ninety-nine"},
    {"4.7.2025", "July fourth, twenty twenty-five"},
    {"July 4", "July fourth"},
    {"July 4, 2025", "July fourth, twenty twenty-five"},
    {"July 4th, 2025.", "July fourth, twenty twenty-five."},
    {"Jan. 5, 1999", "January fifth, nineteen ninety-nine"},
    {"4 July 2025", "July fourth, twenty twenty-five"},
    {"the 4th of July", "the fourth of July"},
    {"on May 5 at 3:30pm", "on May fifth at three thirty p.m."},
    {"May I come?", "May I come?"},
    {"in May 2024", "in May twenty twenty-four"},
    {"Sept 11", "September eleventh"},
    {"10:30", "ten thirty"},
    {"10:05", "ten oh five"},
    {"10:00", "ten o'clock"},
    {"0:00", "midnight"},
    {"14:30", "fourteen thirty"},
    {"14:00", "fourteen hundred"},
    {"9 AM", "nine a.m."},
    {"9am", "nine a.m."},
    {"9:15 p.m.", "nine fifteen p.m."},
    {"at 12 p.m. sharp", "at twelve p.m. sharp"},
    {"9:00-17:00", "nine o'clock to seventeen hundred"},
    {"9am-5pm", "nine a.m. to five p.m."},
    {"9-5", "nine to five"},
    {"00:15:30", "zero fifteen and thirty seconds"},
    {"16:9", "sixteen to nine"},
    {"a 3:1 ratio", "a three to one ratio"},
    {"$5", "five dollars"},
    {"$1", "one dollar"},
    {"$1.00", "one dollar"},
    {"$1.01", "one dollar and one cent"},
    {"$3.5", "three dollars and fifty cents"},
    {"$0.05", "five cents"},
    {"$1,234.56", "one thousand two hundred thirty-four dollars and fifty-six cents"},
    {"$1,000,000", "one million dollars"},
    {"$2.5M", "two point five million dollars"},
    {"$3k", "three thousand dollars"},
    {"$1.5 billion", "one point five billion dollars"},
    {"-$20", "minus twenty dollars"},
    {"$10-$20", "ten to twenty dollars"},
    {"$10-20", "ten to twenty dollars"},
    {"$9.99/month", "nine dollars and ninety-nine cents per month"},
    {"€5", "five euros"},
    {"€3,50", "three euros and fifty cents"},
    {"EUR 1.200,50", "one thousand two hundred euros and fifty cents"},
    {"1.200,50 EUR", "one thousand two hundred euros and fifty cents"},
    {"5 €", "five euros"},
    {"£2.99", "two pounds and ninety-nine pence"},
    {"¥500", "five hundred yen"},
    {"100 USD", "one hundred US dollars"},
    {"CHF 20", "twenty Swiss francs"},
    {"₹100", "one hundred rupees"},
    {"US$5", "five US dollars"},
    {"$3.999", "three point nine nine nine dollars"},
    {"5%", "five percent"},
    {"3.5%", "three point five percent"},
    {"5-10%", "five to ten percent"},
    {"100 %", "one hundred percent"},
    {"1st", "first"},
    {"2nd", "second"},
    {"3rd", "third"},
    {"4th", "fourth"},
    {"12th", "twelfth"},
    {"21st", "twenty-first"},
    {"30th", "thirtieth"},
    {"100th", "one hundredth"},
    {"1,000th", "one thousandth"},
    {"in 1984", "in nineteen eighty-four"},
    {"since 2005", "since two thousand five"},
    {"in 1900", "in nineteen hundred"},
    {"in 2000", "in two thousand"},
    {"in 2010", "in twenty ten"},
    {"in 1066", "in one thousand sixty-six"},
    {"2024 was good", "two thousand twenty-four was good"},
    {"2048 tokens", "two thousand forty-eight tokens"},
    {"2048", "two thousand forty-eight"},
    {"1990-1995", "nineteen ninety to nineteen ninety-five"},
    {"2019-20", "twenty nineteen to twenty"},
    {"the 1990s", "the nineteen nineties"},
    {"the 90s", "the nineties"},
    {"the '80s", "the eighties"},
    {"the 2000s", "the two thousands"},
    {"1/2", "one half"},
    {"3/4", "three quarters"},
    {"2/3", "two thirds"},
    {"5/8", "five eighths"},
    {"1/3 cup", "one third cup"},
    {"2 1/2", "two and a half"},
    {"2½", "two and a half"},
    {"½", "one half"},
    {"7/4", "July fourth"},
    {"12/25", "December twenty-fifth"},
    {"24/7", "twenty-four seven"},
    {"150/3", "one hundred fifty slash three"},
    {"5-10", "five to ten"},
    {"5–10", "five to ten"},
    {"5 – 10", "five to ten"},
    {"10-20 km", "ten to twenty kilometers"},
    {"007", "zero zero seven"},
    {"12345", "twelve thousand three hundred forty-five"},
    {"order 12345", "order one two three four five"},
    {"order 150 tickets", "order one hundred fifty tickets"},
    {"PIN 4821", "PIN four eight two one"},
    {"ZIP 94103", "ZIP nine four one zero three"},
    {"card ending in 4242", "card ending in four two four two"},
    {"flight BA 370", "flight BA three seven zero"},
    {"room 101", "room one zero one"},
    {"#42", "number forty-two"},
    {"ticket #90210", "ticket number nine zero two one zero"},
    {"#sale", "hashtag sale"},
    {"1234567", "one two three four five six seven"},
    {"1000000", "one million"},
    {"12,345", "twelve thousand three hundred forty-five"},
    {"1,234,567.89", "one million two hundred thirty-four thousand five hundred sixty-seven point eight nine"},
    {"3.14", "three point one four"},
    {".5", "point five"},
    {"0.5", "zero point five"},
    {"-5", "minus five"},
    {"-3.2", "minus three point two"},
    {"−7", "minus seven"},
    {"+5", "plus five"},
    {"10+", "ten plus"},
    {"5 + 3 = 8", "five plus three equals eight"},
    {"5 - 3", "five minus three"},
    {"2 * 3", "two times three"},
    {"2x4", "two by four"},
    {"1920x1080", "one thousand nine hundred twenty by one thousand eighty"},
    {"10x", "ten times"},
    {"20k", "twenty thousand"},
    {"5M", "five million"},
    {"v2.0", "version two point zero"},
    {"v1.2.3", "version one point two point three"},
    {"version 10.15.7", "version ten point fifteen point seven"},
    {"192.168.0.1", "one nine two dot one six eight dot zero dot one"},
    {"978-3-16-148410-0", "nine seven eight, three, one six, one four eight four one zero, zero"},
    {"123-45-6789", "one two three, four five, six seven eight nine"},
    {"XK29F7", "X K two nine F seven"},
    {"AB-1234", "AB one two three four"},
    {"MP3", "MP three"},
    {"4K", "four K"},
    {"5G", "five G"},
    {"3D", "three D"},
    {"COVID-19", "COVID-nineteen"},
    {"B2B", "B two B"},
    {"H2O", "H two O"},
    {"F16", "F sixteen"},
    {"72°F", "seventy-two degrees Fahrenheit"},
    {"20 °C", "twenty degrees Celsius"},
    {"20°", "twenty degrees"},
    {"98.6F", "ninety-eight point six degrees Fahrenheit"},
    {"5km", "five kilometers"},
    {"5 km", "five kilometers"},
    {"1 km", "one kilometer"},
    {"1.5 km", "one point five kilometers"},
    {"60 mph", "sixty miles per hour"},
    {"90 km/h", "ninety kilometers per hour"},
    {"100 Mbps", "one hundred megabits per second"},
    {"512 GB", "five hundred twelve gigabytes"},
    {"1 GB", "one gigabyte"},
    {"5 lbs", "five pounds"},
    {"1 lb", "one pound"},
    {"6 ft", "six feet"},
    {"5'10\"", "five feet ten"},
    {"5 oz", "five ounces"},
    {"250 ms", "two hundred fifty milliseconds"},
    {"30 min", "thirty minutes"},
    {"2 hrs", "two hours"},
    {"1 hr", "one hour"},
    {"10 kg", "ten kilograms"},
    {"3 m²", "three square meters"},
    {"220 V", "two hundred twenty volts"},
    {"2.4 GHz", "two point four gigahertz"},
    {"https://www.example.com/help", "example dot com slash help"},
    {"http://example.com", "example dot com"},
    {"https://example.com/a-b_c/2?x=1#y", "example dot com slash a dash b underscore c slash two"},
    {"www.example.org/", "example dot org"},
    {"example.com/help.", "example dot com slash help."},
    {"Visit example.co.uk, please.", "Visit example dot co dot uk, please."},
    {"docs.example.io/v2", "docs dot example dot io slash v two"},
    {"john@example.com", "john at example dot com"},
    {"john.doe+tag_9@mail.example.co.uk", "john dot doe plus tag underscore nine at mail dot example dot co dot uk"},
    {"mailto:jane@x.org", "jane at x dot org"},
    {"<jane@x.org>", "jane at x dot org"},
    {"<https://x.org/y>", "x dot org slash y"},
    {"@john_doe", "at john doe"},
    {"salt & pepper", "salt and pepper"},
    {"A & B", "A and B"},
    {"R&D", "R and D"},
    {"Q&A", "Q and A"},
    {"AT&T", "A T and T"},
    {"C++ and C#", "C plus plus and C sharp"},
    {"5 > 3", "five greater than three"},
    {"a -> b", "a to b"},
    {"a → b", "a to b"},
    {"~5", "about five"},
    {"≈ 10", "about ten"},
    {"±2", "plus or minus two"},
    {"§ 5", "section five"},
    {"№ 5", "number five"},
    {"No. 5", "number five"},
    {"no. 5 is", "number five is"},
    {"No. Never.", "No. Never."},
    {"e.g. this", "for example this"},
    {"i.e. that", "that is that"},
    {"etc.", "et cetera."},
    {"apples, etc. We go.", "apples, et cetera. We go."},
    {"Dr. Who", "Doctor Who"},
    {"Mr. X and Mrs. Y", "Mister X and Missus Y"},
    {"vs. them", "versus them"},
    {"w/o sugar", "without sugar"},
    {"w/ sugar", "with sugar"},
    {"and/or", "and or"},
    {"Monday/Tuesday", "Monday slash Tuesday"},
    {"**bold**", "bold"},
    {"__bold__", "bold"},
    {"*it* and _it_", "it and it"},
    {"***both***", "both"},
    {"~~gone~~", "gone"},
    {"`code`", "code"},
    {"snake_case", "snake case"},
    {"# Title", "Title."},
    {"## Title: ##", "Title:"},
    {"> quoted", "quoted"},
    {"- item", "item."},
    {"* item", "item."},
    {"+ item", "item."},
    {"• item", "item."},
    {"- [ ] todo", "todo."},
    {"- [x] done", "done."},
    {"1. First", "one. First."},
    {"2) Second", "two. Second."},
    {"3. Third.", "three. Third."},
    {"[text](https://x.com)", "text"},
    {"![chart](a.png)", "chart"},
    {"[a][1]", "a"},
    {"fact[1]", "fact"},
    {"fact[^2]", "fact"},
    {"---", ""},
    {"***", ""},
    {"<b>bold</b> text", "bold text"},
    {"a<br>b", "a b"},
    {"&amp; &lt;", "and less than"},
    {"Hello 😀", "Hello"},
    {"👍", ""},
    {"I ❤️ it", "I it"},
    {"🇩🇪 Germany", "Germany"},
    {"1️⃣ one", "one one"},
    {"well — yes", "well, yes"},
    {"well—yes", "well, yes"},
    {"yes – no", "yes, no"},
    {"yes - no", "yes, no"},
    {"state-of-the-art", "state-of-the-art"},
    {"it’s “fine”…", "it's \"fine\"..."},
    {"«so»", "\"so\""},
    {"Wait...", "Wait..."},
    {"Product™ ©2024", "Product twenty twenty-four"},
    {"50¢", "fifty cents"},
    {"100%", "one hundred percent"},
    {"x²", "x squared"},
    {"(5 apples)", "(five apples)"},
    {"\"5 apples\"", "\"five apples\""},
    {"5, 6, and 7.", "five, six, and seven."},
    {"5; 6: 7", "five; six: seven"},
    {"Is it 5?", "Is it five?"},
    {"5!", "five!"},
    {"Call (555) 123-4567 or +44 20 7946 0958 ext. 12.", "Call five five five, one two three, four five six seven or plus four four, two zero, seven nine four six, zero nine five eight, extension one two."},
    {"It costs $3.50, or EUR 1.200,50, or €3,50, or 5 €, or $5M, $1.5 billion, $0.99, $1, -$5, £2.99, ¥500.", "It costs three dollars and fifty cents, or one thousand two hundred euros and fifty cents, or three euros and fifty cents, or five euros, or five million dollars, one point five billion dollars, ninety-nine cents, one dollar, minus five dollars, two pounds and ninety-nine pence, five hundred yen."},
    {"On 2025-07-04 at 10:30 AM, 7/4/2025, July 4th, 2025, 4 July, Jul. 4, May 5.", "On July fourth, twenty twenty-five at ten thirty a.m., July fourth, twenty twenty-five, July fourth, twenty twenty-five, July fourth, July fourth, May fifth."},
    {"2025-07-04T10:30:00Z", "July fourth, twenty twenty-five, ten thirty UTC"},
    {"The 1st, 22nd, 3rd, 11th and 100th.", "The first, twenty-second, third, eleventh and one hundredth."},
    {"In 1984, 2005, 2024. The 1990s and '80s were 3.14 or 1,234.5 things.", "In nineteen eighty-four, two thousand five, twenty twenty-four. The nineteen nineties and eighties were three point one four or one thousand two hundred thirty-four point five things."},
    {"1/2 cup, 3/4, 2 1/2 hours, ½, 2½, 24/7, 12/25", "one half cup, three quarters, two and a half hours, one half, two and a half, twenty-four seven, December twenty-fifth"},
    {"5-10%, 5–10 km, pages 10-20, 1990-1995, $10-20, $10-$20", "five to ten percent, five to ten kilometers, pages ten to twenty, nineteen ninety to nineteen ninety-five, ten to twenty dollars, ten to twenty dollars"},
    {"v1.2.3, version 2.0, 192.168.0.1, Python 3.10", "version one point two point three, version two point zero, one nine two dot one six eight dot zero dot one, Python three point one zero"},
    {"order 12345, code is 4821, ending in 4242, flight BA 370, 4155551234, 0042, 1234567, 1000000", "order one two three four five, code is four eight two one, ending in four two four two, flight BA three seven zero, four one five five five five one two three four, zero zero four two, one two three four five six seven, one million"},
    {"72°F, 20 °C, 5km, 1 kg, 100 Mbps, 60 mph, 5'10\", 250ms, $20/month, 90 km/h", "seventy-two degrees Fahrenheit, twenty degrees Celsius, five kilometers, one kilogram, one hundred megabits per second, sixty miles per hour, five feet ten, two hundred fifty milliseconds, twenty dollars per month, ninety kilometers per hour"},
    {"**Bold** and *it* and `code` and [link](https://x.com), ![img](a.png), ~~gone~~ __x__ snake_case", "Bold and it and code and link, img, gone x snake case"},
    {"# Heading", "Heading."},
    {"- item one", "item one."},
    {"1. Open the app", "one. Open the app."},
    {"> quote", "quote"},
    {"Visit https://www.example.com/help?x=1 or example.com/help, mail john.doe@example.com.", "Visit example dot com slash help or example dot com slash help, mail john dot doe at example dot com."},
    {"Rock & roll @ 5 + 3 = 8, #5, #fun, C#, C++, AT&T, 50% off", "Rock and roll at five plus three equals eight, number five, hashtag fun, C sharp, C plus plus, A T and T, fifty percent off"},
    {"Hello 😀 world 👍!", "Hello world!"},
    {"Dr. Smith, e.g. this, i.e. that, etc. and vs. No. 5", "Doctor Smith, for example this, that is that, et cetera and versus number five"},
    {"MP3, 5G, 4K, B2B, XK29F7, AB-1234, COVID-19, 10x, 2x4, 16:9, 3:1", "MP three, five G, four K, B two B, X K two nine F seven, AB one two three four, COVID-nineteen, ten times, two by four, sixteen to nine, three to one"},
    {"well — yes – no - maybe; \"quoted\" “smart” it’s…", "well, yes, no, maybe; \"quoted\" \"smart\" it's..."},
    {"10:00, 14:30, 9am-5pm, 9:00-17:00, 12:05 p.m.", "ten o'clock, fourteen thirty, nine a.m. to five p.m., nine o'clock to seventeen hundred, twelve oh five p.m."},
    {"-5 degrees, 5 - 3, temperature of -12°C", "minus five degrees, five minus three, temperature of minus twelve degrees Celsius"},
    {"Node.js and README.md", "Node.js and README.md"},
    {"He has 5 apples (3 red).", "He has five apples (three red)."},
    {"call 911 now. 978-3-16-148410-0. 123-45-6789", "call nine one one now. nine seven eight, three, one six, one four eight four one zero, zero. one two three, four five, six seven eight nine"},
    {"Is x < 5 & y > 3?", "Is x less than five and y greater than three?"},
    {"About 20k users, 5M rows, 1.5x, 2,048 tokens, 2048 tokens", "About twenty thousand users, five million rows, one point five times, two thousand forty-eight tokens, two thousand forty-eight tokens"},
    {"Hello world, this is plain text. It's fine!", "Hello world, this is plain text. It's fine!"},
    {"I'll arrive at 5. Then go.", "I'll arrive at five. Then go."},
    {"Your appointment is on Tuesday, March 3rd, 2026 at 2:30 PM with Dr. Lee at 1200 Main St., Suite 400.", "Your appointment is on Tuesday, March third, twenty twenty-six at two thirty p.m. with Doctor Lee at one thousand two hundred Main St., Suite four zero zero."},
    {"Press 1 for sales, 2 for support, or 0 to talk to an operator.", "Press one for sales, two for support, or zero to talk to an operator."},
    {"Your confirmation code is A7K9-22QX.", "Your confirmation code is A seven K nine, two two Q X."},
    {"Your balance is $-12.50.", "Your balance is minus twelve dollars and fifty cents."},
    {"We're open Mon-Fri 9am-5pm, Sat 10-2.", "We're open Mon-Fri nine a.m. to five p.m., Sat ten to two."},
    {"The file is 3.5MB (about 2x larger).", "The file is three point five megabytes (about two times larger)."},
    {"It's 98.6% uptime, i.e., ~3.5 days/year.", "It's ninety-eight point six percent uptime, that is, about three point five days per year."},
    {"The tax ID is 12-3456789.", "The tax ID is one two, three four five six seven eight nine."},
    {"Flight UA1234 departs at 6:05am from gate B12.", "Flight U A one two three four departs at six oh five a.m. from gate B twelve."},
    {"I weigh 180lbs and I'm 6'2\".", "I weigh one hundred eighty pounds and I'm six feet two."},
    {"Take 2 tablets every 4-6 hours; max 8/day.", "Take two tablets every four to six hours; max eight per day."},
    {"The score was 21-14.", "The score was twenty-one to fourteen."},
    {"iPhone 15 Pro Max costs $1,199 (or $49.95/mo.).", "iPhone fifteen Pro Max costs one thousand one hundred ninety-nine dollars (or forty-nine dollars and ninety-five cents per month)."},
    {"Model GPT-4o and Claude 3.5.", "Model GPT-four o and Claude three point five."},
    {"Use Ctrl+C to copy.", "Use Ctrl plus C to copy."},
    {"He said, \"It's 5 o'clock.\"", "He said, \"It's five o'clock.\""},
    {"Hotel California, Room 237.", "Hotel California, Room two three seven."},
    {"Is that OK? 👍🏽", "Is that OK?"},
    {"My email is jane_doe99@mail-server.co.uk; my site is https://jane-doe.dev/blog/2024/post-1?utm=x.", "My email is jane underscore doe ninety-nine at mail dash server dot co dot uk; my site is jane dash doe dot dev slash blog slash two zero two four slash post dash one."},
    {"E = mc²", "E equals mc squared"},
    {"2 + 2 = 4, and 10 / 2 = 5.", "two plus two equals four, and ten divided by two equals five."},
    {"Call 1-800-FLOWERS now.", "Call one, eight zero zero, FLOWERS now."},
    {"Between 1,000 and 2,500 people (20%–30%) came.", "Between one thousand and two thousand five hundred people (twenty percent to thirty percent) came."},
    {"the 21st century, the 1800s, in the 1920s", "the twenty-first century, the eighteen hundreds, in the nineteen twenties"},
    {"Q1 2025 revenue was $1.2bn, up 15% YoY.", "Q one twenty twenty-five revenue was one point two billion dollars, up fifteen percent YoY."},
    {"Order #A-1029 ships in 3–5 business days.", "Order number A one zero two nine ships in three to five business days."},
    {"That's 1/3 of 100, 50/50, 9/10 people.", "That's one third of one hundred, fifty fifty, nine tenths people."},
    {"Temperatures: -5°C to +12°C.", "Temperatures: minus five degrees Celsius to plus twelve degrees Celsius."},
    {"Chapter 4, page 12, line 7.", "Chapter four, page twelve, line seven."},
    {"12:00 noon; 00:30; 24:00", "twelve o'clock noon; zero thirty; midnight"},
    {"Version 1.0 vs 2.0", "Version one point zero versus two point zero"},
    {"$100-$200K, €1.5m, £20bn", "one hundred to two hundred thousand dollars, one point five million euros, twenty billion pounds"},
    {"1 lb = 16 oz", "one pound equals sixteen ounces"},
    {"50,000 km²", "fifty thousand square kilometers"},
    {"0.75 mi", "zero point seven five miles"},
    {"Mr. & Mrs. Smith", "Mister and Missus Smith"},
    {"\"Hi,\" she said - then left.", "\"Hi,\" she said, then left."},
    {"A 5-star hotel, a 2-year-old child, a 100-yard dash.", "A five-star hotel, a two-year-old child, a one hundred-yard dash."},
    {"Apt. 4B, 221B Baker St.", "Apt. four B, two hundred twenty-one B Baker St."},
    {"call me at 5", "call me at five"},
    {"ID: 4829301", "ID: four eight two nine three zero one"},
    {"ISBN 9783161484100", "ISBN nine seven eight three one six one four eight four one zero zero"},
    {"The year 1776. AD 79. 500 BC.", "The year seventeen seventy-six. AD seventy-nine. five hundred BC."},
    {"2/3/2025 - 2/5/2025", "February third, twenty twenty-five to February fifth, twenty twenty-five"},
    {"10 p.m.", "ten p.m."},
    {"1st, 2nd & 3rd", "first, second and third"},
    {"#1 choice", "number one choice"},
    {"Tom's 3 kids' toys", "Tom's three kids' toys"},
    {"T-shirt size XL, 5XL", "T-shirt size XL, five XL"},
    {"I have $5, you have €5.", "I have five dollars, you have five euros."},
    {"100s of people", "hundreds of people"},
    {"£5.5k", "five point five thousand pounds"},
    {"x = 3, y < 10, z >= 2", "x equals three, y less than ten, z at least two"},
    {"No.1 rated", "number one rated"},
    {"rock 'n' roll", "rock 'n' roll"},
});

constexpr auto kBritain = std::to_array<Row>({
    {"01/02/2025", "the first of February, twenty twenty-five"},
    {"4 July 2025", "the fourth of July, twenty twenty-five"},
    {"the 4th of July", "the fourth of July"},
    {"July 4", "the fourth of July"},
    {"120", "one hundred and twenty"},
    {"1,005", "one thousand and five"},
    {"2005", "two thousand and five"},
    {"£2.99", "two pounds and ninety-nine pence"},
    {"020 7946 0958", "oh two oh, seven nine four six, oh nine five eight"},
    {"07700 900123", "oh seven seven oh oh, nine oh oh one two three"},
    {"5 km", "five kilometres"},
    {"10:30", "ten thirty"},
    {"1.5 m", "one point five metres"},
    {"2,000,017", "two million and seventeen"},
});

constexpr auto kGermany = std::to_array<Row>({
    {"Am 4. Juli 2025 um 14:30 Uhr.", "Am vierten Juli zweitausendfünfundzwanzig um vierzehn Uhr dreißig."},
    {"der 3. Oktober", "der dritte Oktober"},
    {"Am 04.07.2025", "Am vierten Juli zweitausendfünfundzwanzig"},
    {"4.7.", "vier Komma sieben."},
    {"im 19. Jahrhundert", "im neunzehnten Jahrhundert"},
    {"Es kostet 3,50 €.", "Es kostet drei Euro fünfzig."},
    {"1.200,50 €", "eintausendzweihundert Euro fünfzig"},
    {"1 €", "ein Euro"},
    {"0,99 EUR", "neunundneunzig Cent"},
    {"1.234.567", "eine Million zweihundertvierunddreißigtausendfünfhundertsiebenundsechzig"},
    {"3,14", "drei Komma eins vier"},
    {"1/2", "ein halb"},
    {"21", "einundzwanzig"},
    {"101", "einhunderteins"},
    {"1001", "eintausendeins"},
    {"2024", "zweitausendvierundzwanzig"},
    {"1984", "neunzehnhundertvierundachtzig"},
    {"1.000.000", "eine Million"},
    {"5 %", "fünf Prozent"},
    {"20 °C", "zwanzig Grad Celsius"},
    {"1 h", "eine Stunde"},
    {"2 h", "zwei Stunden"},
    {"+49 30 901820", "plus vier neun, drei null, neun null eins acht zwei null"},
    {"030 901820", "null drei null, neun null eins acht zwei null"},
    {"z.B. das", "zum Beispiel das"},
    {"1 kg", "ein Kilogramm"},
    {"5-10", "fünf bis zehn"},
    {"9-17 Uhr", "neun bis siebzehn Uhr"},
    {"9:00-17:00 Uhr", "neun Uhr bis siebzehn Uhr"},
    {"3. Klasse", "drei. Klasse."},
    {"Kundennummer 4711", "Kundennummer vier sieben eins eins"},
    {"info@beispiel.de", "info at beispiel Punkt de"},
    {"www.beispiel.de/hilfe", "beispiel Punkt de Schrägstrich hilfe"},
    {"Er zahlte $5.", "Er zahlte fünf Dollar."},
    {"5 Mio.", "fünf Mio."},
});
// clang-format on

template <class Rows>
void check(const Rows& rows, std::string_view tag) {
    const Locale& locale = locale_for(tag);
    for (const Row& row : rows) {
        const std::string once = shape_for_voice(row.written, locale);
        EXPECT_EQ(once, row.spoken) << row.written;
        EXPECT_EQ(shape_for_voice(once, locale), once) << "again: " << row.written;
    }
}

TEST(Shape, united_states) {
    static_assert(kUnitedStates.size() > 200);
    check(kUnitedStates, "en-US");
}
TEST(Shape, britain) {
    check(kBritain, "en-GB");
}
TEST(Shape, germany) {
    check(kGermany, "de-DE");
}

TEST(Shape, plain_text_stays_as_it_is) {
    for (const std::string_view text : {"Hello world.", "It's fine, isn't it?", "Well... \"quoted\" (and bracketed) state-of-the-art; yes: no!",
                                        "I see A and B.", "The U.S. Army marched at nine a.m. today."}) {
        EXPECT_EQ(shape_for_voice(text, locale_for("en-US")), text);
    }
}

TEST(Shape, nearest_locale) {
    EXPECT_EQ(locale_for("en-us").tag, "en-US");
    EXPECT_EQ(locale_for("en").tag, "en-US");
    EXPECT_EQ(locale_for("en_AU").tag, "en-GB");
    EXPECT_EQ(locale_for("de-AT").tag, "de-DE");
    EXPECT_EQ(locale_for("fr-FR").tag, "en-US");
    EXPECT_EQ(locale_for("").tag, "en-US");
}

TEST(Shape, emoji_are_named_when_asked_for) {
    Shaper named(locale_for("en-US"), {.name_emoji = true, .announce_code = false});
    EXPECT_EQ(named.shape("Well done 👍 friend 🦜."), "Well done, thumbs up, friend.");
    EXPECT_EQ(named.shape("👍"), "thumbs up,");
}

TEST(Shaper, code_blocks_reach_over_pieces) {
    Shaper silent(locale_for("en-US"));
    EXPECT_EQ(silent.shape("Run this: ```bash"), "Run this:");
    EXPECT_EQ(silent.shape("rm -rf /tmp/1; echo done."), "");
    EXPECT_EQ(silent.shape("```"), "");
    EXPECT_EQ(silent.shape("That is 1."), "That is one.");
    EXPECT_EQ(silent.shape("Use ```ls``` now."), "Use ls now.");
    Shaper telling(locale_for("en-US"), {.name_emoji = false, .announce_code = true});
    EXPECT_EQ(telling.shape("```c"), "I left out the code.");
    EXPECT_EQ(telling.shape("int x = 5;"), "");
    EXPECT_EQ(telling.shape("``` Then 2."), "Then two.");
    EXPECT_EQ(telling.shape("```"), "I left out the code.");
    telling.reset();
    EXPECT_EQ(telling.shape("Spoken."), "Spoken.");
}

TEST(Shaper, tables_are_read_row_by_row) {
    Shaper shaper(locale_for("en-US"));
    EXPECT_EQ(shaper.shape("| Plan | Price | |"), "");
    EXPECT_EQ(shaper.shape("|------|:-----:|-|"), "");
    EXPECT_EQ(shaper.shape("| Basic | $5/mo | x |"), "Plan: Basic, Price: five dollars per month, x.");
    EXPECT_EQ(shaper.shape("| **Pro** | | |"), "Plan: Pro.");
    EXPECT_EQ(shaper.shape("So much for 2."), "So much for two.");
    EXPECT_EQ(shaper.shape("| no | table |"), "");
    EXPECT_EQ(shaper.shape("at all"), "no, table. at all");
    EXPECT_EQ(shaper.shape("| last |"), "");
    EXPECT_EQ(shaper.finish(), "last.");
    EXPECT_EQ(shaper.finish(), "");
    EXPECT_EQ(shape_for_voice("| A | B |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |", locale_for("en-US")), "A: one, B: two. A: three, B: four.");
}

TEST(Shape, a_piece_without_end_is_cut) {
    const std::string out = shape_for_voice(std::string(1 << 20, 'a'), locale_for("en-US"));
    EXPECT_EQ(out, std::string(16 * 1024, 'a'));
}

TEST(Shape, several_lines) {
    EXPECT_EQ(shape_for_voice("# Hours\n\n- Mon: 9-5\n- Tue: closed\r\nThat is all", locale_for("en-US")),
              "Hours. Mon: nine to five. Tue: closed. That is all");
}

bool has_digit(std::string_view text) {
    return text.find_first_of("0123456789") != std::string_view::npos;
}

TEST(Shape, what_comes_out_has_no_digits_no_markup_and_is_stable) {
    static const std::vector<std::string> parts{
        " ",  " ",   " ",  "5",  "12", "2024", "3.14", "1,000", "1.200,50", "10:30", "-",    "–",       "—",    "/",    ".",      ",",  ":",   ";",  "$",
        "€",  "EUR", "%",  "°C", "km", "am",   "p.m.", "st",    "th",       "k",     "M",    "x",       "#",    "@",    "&",      "+",  "*",   "**", "_",
        "`",  "~",   "[",  "](", ")",  "(",    "<",    ">",     "|",        "\\",    "July", "May",     "No.",  "etc.", "v",      "AB", "Dr.", "w/", "½",
        "😀", "ä",   "\"", "'",  "’",  "\xff", "\xe2", "\x01",  "a",        "word",  "The",  "http://", "www.", ".com", "a@b.co", "- ", "1. "};
    std::mt19937 random(7);
    std::uniform_int_distribution<std::size_t> pick(0, parts.size() - 1);
    std::uniform_int_distribution<int> length(1, 14);
    const std::array<const Locale*, 3> locales{&locale_for("en-US"), &locale_for("en-GB"), &locale_for("de-DE")};
    for (int round = 0; round < 60000; ++round) {
        std::string text;
        for (int i = length(random); i > 0; --i) text += parts[pick(random)];
        const Locale& locale = *locales[static_cast<std::size_t>(round) % locales.size()];
        const std::string once = shape_for_voice(text, locale);
        ASSERT_FALSE(has_digit(once)) << text << " -> " << once;
        ASSERT_EQ(once.find_first_of("*`#_|<>[]{}\\$%&@"), std::string::npos) << text << " -> " << once;
        ASSERT_EQ(shape_for_voice(once, locale), once) << text;
        ASSERT_LT(once.size(), 64 + 40 * text.size());
    }
}

}  // namespace
}  // namespace parley::spoken
