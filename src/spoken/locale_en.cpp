#include <array>

#include "locales.hpp"

namespace parley::spoken {
namespace {

using Form = Locale::Form;
using Unit = Locale::Unit;

constexpr auto kSymbols = std::to_array<Form>({
    {"->", "to"},          {"=>", "to"},
    {">=", "at least"},    {"<=", "at most"},
    {"!=", "is not"},      {"==", "equals"},
    {"¢", "cents"},        {"&", "and"},
    {"=", "equals"},       {"~", "about"},
    {"≈", "about"},        {"±", "plus or minus"},
    {"≤", "at most"},      {"≥", "at least"},
    {"≠", "is not"},       {"<", "less than"},
    {">", "greater than"}, {"×", "times"},
    {"÷", "divided by"},   {"√", "square root of"},
    {"∞", "infinity"},     {"→", "to"},
    {"⇒", "to"},           {"€", "euros"},
    {"$", "dollars"},      {"£", "pounds"},
    {"¥", "yen"},          {"°", "degrees"},
    {"%", "percent"},      {"‰", "per mille"},
    {"§", "section"},      {"№", "number"},
    {"µ", "micro"},        {"π", "pi"},
    {"+", "plus"},         {"@", "at"},
    {"#", "number"},       {"^", "to the power of"},
    {"²", "squared"},      {"³", "cubed"},
});

#define PARLEY_UNITS_SHARED                                                                                                                                    \
    {"°C", "degree Celsius", "degrees Celsius"}, {"°F", "degree Fahrenheit", "degrees Fahrenheit"}, {"ºC", "degree Celsius", "degrees Celsius"},               \
        {"ºF", "degree Fahrenheit", "degrees Fahrenheit"}, {"°", "degree", "degrees"}, {"℃", "degree Celsius", "degrees Celsius"},                             \
        {"℉", "degree Fahrenheit", "degrees Fahrenheit"}, {"C", "degree Celsius", "degrees Celsius", false},                                                   \
        {"F", "degree Fahrenheit", "degrees Fahrenheit", false}, {"mph", "mile per hour", "miles per hour"}, {"fps", "frame per second", "frames per second"}, \
        {"rpm", "revolution per minute", "revolutions per minute"}, {"Kbps", "kilobit per second", "kilobits per second"},                                     \
        {"kbps", "kilobit per second", "kilobits per second"}, {"Mbps", "megabit per second", "megabits per second"},                                          \
        {"Gbps", "gigabit per second", "gigabits per second"}, {"MB/s", "megabyte per second", "megabytes per second"}, {"kB", "kilobyte", "kilobytes"},       \
        {"KB", "kilobyte", "kilobytes"}, {"MB", "megabyte", "megabytes"}, {"GB", "gigabyte", "gigabytes"}, {"TB", "terabyte", "terabytes"},                    \
        {"GHz", "gigahertz", "gigahertz"}, {"MHz", "megahertz", "megahertz"}, {"kHz", "kilohertz", "kilohertz"}, {"Hz", "hertz", "hertz"},                     \
        {"dB", "decibel", "decibels"}, {"kWh", "kilowatt hour", "kilowatt hours"}, {"kW", "kilowatt", "kilowatts"}, {"MW", "megawatt", "megawatts"},           \
        {"W", "watt", "watts"}, {"V", "volt", "volts"}, {"mAh", "milliampere hour", "milliampere hours"}, {"lbs", "pound", "pounds"},                          \
        {"lb", "pound", "pounds"}, {"oz", "ounce", "ounces"}, {"ft", "foot", "feet"}, {"yd", "yard", "yards"}, {"yds", "yard", "yards"},                       \
        {"mi", "mile", "miles"}, {"sq ft", "square foot", "square feet"}, {"kg", "kilogram", "kilograms"}, {"mg", "milligram", "milligrams"},                  \
        {"µg", "microgram", "micrograms"}, {"g", "gram", "grams"}, {"hrs", "hour", "hours"}, {"hr", "hour", "hours"}, {"h", "hour", "hours"},                  \
        {"mins", "minute", "minutes"}, {"min", "minute", "minutes"}, {"secs", "second", "seconds"}, {"sec", "second", "seconds"},                              \
        {"ms", "millisecond", "milliseconds"}, {"µs", "microsecond", "microseconds"}, {"s", "second", "seconds"}, {"yrs", "year", "years"},                    \
        {"yr", "year", "years"}, {"wks", "week", "weeks"}, {"wk", "week", "weeks"}, {"px", "pixel", "pixels"}, {"kcal", "kilocalorie", "kilocalories"},        \
        {"cal", "calorie", "calories"}, {"bpm", "beat per minute", "beats per minute"}

constexpr auto kUnitsUs = std::to_array<Unit>({
    PARLEY_UNITS_SHARED,
    {"km/h", "kilometer per hour", "kilometers per hour"},
    {"kph", "kilometer per hour", "kilometers per hour"},
    {"m/s", "meter per second", "meters per second"},
    {"km²", "square kilometer", "square kilometers"},
    {"m²", "square meter", "square meters"},
    {"m³", "cubic meter", "cubic meters"},
    {"km", "kilometer", "kilometers"},
    {"cm", "centimeter", "centimeters"},
    {"mm", "millimeter", "millimeters"},
    {"m", "meter", "meters"},
    {"mL", "milliliter", "milliliters"},
    {"ml", "milliliter", "milliliters"},
    {"L", "liter", "liters"},
    {"l", "liter", "liters"},
    {"gal", "gallon", "gallons"},
    {"tsp", "teaspoon", "teaspoons"},
    {"tbsp", "tablespoon", "tablespoons"},
});
constexpr auto kUnitsGb = std::to_array<Unit>({
    PARLEY_UNITS_SHARED,
    {"km/h", "kilometre per hour", "kilometres per hour"},
    {"kph", "kilometre per hour", "kilometres per hour"},
    {"m/s", "metre per second", "metres per second"},
    {"km²", "square kilometre", "square kilometres"},
    {"m²", "square metre", "square metres"},
    {"m³", "cubic metre", "cubic metres"},
    {"km", "kilometre", "kilometres"},
    {"cm", "centimetre", "centimetres"},
    {"mm", "millimetre", "millimetres"},
    {"m", "metre", "metres"},
    {"mL", "millilitre", "millilitres"},
    {"ml", "millilitre", "millilitres"},
    {"L", "litre", "litres"},
    {"l", "litre", "litres"},
    {"st", "stone", "stone"},
    {"tsp", "teaspoon", "teaspoons"},
    {"tbsp", "tablespoon", "tablespoons"},
});
#undef PARLEY_UNITS_SHARED

constexpr auto kCurrencies = std::to_array<Locale::Currency>({
    {"US$", "USD", "US dollar", "US dollars", "cent", "cents"},
    {"C$", "CAD", "Canadian dollar", "Canadian dollars", "cent", "cents"},
    {"A$", "AUD", "Australian dollar", "Australian dollars", "cent", "cents"},
    {"NZ$", "NZD", "New Zealand dollar", "New Zealand dollars", "cent", "cents"},
    {"$", "", "dollar", "dollars", "cent", "cents"},
    {"€", "EUR", "euro", "euros", "cent", "cents"},
    {"£", "GBP", "pound", "pounds", "penny", "pence"},
    {"¥", "JPY", "yen", "yen", "", "", 0},
    {"₹", "INR", "rupee", "rupees", "paisa", "paise"},
    {"₩", "KRW", "won", "won", "", "", 0},
    {"₺", "TRY", "lira", "lira", "kurus", "kurus"},
    {"", "CHF", "Swiss franc", "Swiss francs", "centime", "centimes"},
    {"", "CNY", "yuan", "yuan", "fen", "fen"},
    {"", "SEK", "Swedish krona", "Swedish kronor", "ore", "ore"},
    {"zł", "PLN", "zloty", "zloty", "grosz", "groszy"},
});

constexpr auto kMonths = std::to_array<Locale::Month>({{"January", "Jan"},
                                                       {"February", "Feb"},
                                                       {"March", "Mar"},
                                                       {"April", "Apr"},
                                                       {"May", "May"},
                                                       {"June", "Jun"},
                                                       {"July", "Jul"},
                                                       {"August", "Aug"},
                                                       {"September", "Sep"},
                                                       {"October", "Oct"},
                                                       {"November", "Nov"},
                                                       {"December", "Dec"}});

// Small letters; matched without regard to case. With a capital in `written`, only so.
constexpr auto kAbbreviations = std::to_array<Form>({
    {"e.g.", "for example"},   {"i.e.", "that is"},
    {"etc.", "et cetera"},     {"vs.", "versus"},
    {"vs", "versus"},          {"Dr.", "Doctor"},
    {"Mr.", "Mister"},         {"Mrs.", "Missus"},
    {"Prof.", "Professor"},    {"approx.", "approximately"},
    {"dept.", "department"},   {"Jr.", "Junior"},
    {"Sr.", "Senior"},         {"Ave.", "Avenue"},
    {"Blvd.", "Boulevard"},    {"Inc.", "Incorporated"},
    {"Ltd.", "Limited"},       {"Corp.", "Corporation"},
    {"w/o", "without"},        {"w/", "with"},
    {"and/or", "and or"},      {"n/a", "not applicable"},
    {"c/o", "care of"},        {"24/7", "twenty-four seven"},
    {"C++", "C plus plus"},    {"C#", "C sharp"},
    {"F#", "F sharp"},         {"A/C", "A C"},
    {"Q&A", "Q and A"},        {"R&D", "R and D"},
    {"AT&T", "A T and T"},     {"he/she", "he or she"},
    {"his/her", "his or her"},
});

constexpr auto kIdWords = std::to_array<std::string_view>(
    {"code",   "pin",     "account", "order",    "id",    "extension", "ext",      "confirmation", "zip",  "flight", "room",    "reference",
     "ref",    "ticket",  "card",    "suite",    "case",  "passcode",  "password", "ending",       "call", "dial",   "invoice", "policy",
     "member", "booking", "digits",  "postcode", "claim", "tracking",  "otp",      "apartment",    "apt",  "gate",   "serial"});

constexpr auto kYearWords = std::to_array<std::string_view>(
    {"in", "since", "year", "until", "before", "after", "during", "circa", "early", "late", "spring", "summer", "autumn", "fall", "winter", "mid"});

constexpr auto kEmoji = std::to_array<Form>({{"😀", "grinning face"},  {"😂", "tears of joy"},  {"😊", "smiling face"}, {"🙂", "smiling face"},
                                             {"😉", "winking face"},   {"😍", "heart eyes"},    {"😢", "crying face"},  {"😡", "angry face"},
                                             {"👍", "thumbs up"},      {"👎", "thumbs down"},   {"👋", "waving hand"},  {"🙏", "folded hands"},
                                             {"👏", "clapping hands"}, {"💪", "flexed arm"},    {"🎉", "party popper"}, {"🔥", "fire"},
                                             {"🚀", "rocket"},         {"⭐", "star"},          {"✨", "sparkles"},     {"❤", "heart"},
                                             {"✅", "check mark"},     {"✔", "check mark"},     {"❌", "cross mark"},   {"⚠", "warning"},
                                             {"💡", "light bulb"},     {"📞", "telephone"},     {"📧", "e-mail"},       {"📅", "calendar"},
                                             {"⏰", "alarm clock"},    {"🎂", "birthday cake"}, {"☀", "sun"},           {"🌧", "rain"}});

constexpr Locale::Words kWords{.point = "point",
                               .minus = "minus",
                               .plus = "plus",
                               .to = "to",
                               .at = "at",
                               .dot = "dot",
                               .slash = "slash",
                               .dash = "dash",
                               .underscore = "underscore",
                               .percent = "percent",
                               .number = "number",
                               .version = "version",
                               .per = "per",
                               .degrees = "degrees",
                               .extension = "extension",
                               .times = "times",
                               .equals = "equals",
                               .code_left_out = "I left out the code.",
                               .hash = "hashtag",
                               .by = "by",
                               .and_ = "and",
                               .image = "image"};

}  // namespace

const Locale& locale_en_us() {
    static constexpr Locale locale{.tag = "en-US",
                                   .grammar = Locale::Grammar::english,
                                   .month_first = true,
                                   .hundred_and = false,
                                   .decimal_mark = '.',
                                   .phone_zero = "zero",
                                   .words = kWords,
                                   .symbols = kSymbols,
                                   .units = kUnitsUs,
                                   .currencies = kCurrencies,
                                   .months = kMonths,
                                   .abbreviations = kAbbreviations,
                                   .id_words = kIdWords,
                                   .year_words = kYearWords,
                                   .emoji = kEmoji};
    return locale;
}

const Locale& locale_en_gb() {
    static constexpr Locale locale{.tag = "en-GB",
                                   .grammar = Locale::Grammar::english,
                                   .month_first = false,
                                   .hundred_and = true,
                                   .decimal_mark = '.',
                                   .phone_zero = "oh",
                                   .words = kWords,
                                   .symbols = kSymbols,
                                   .units = kUnitsGb,
                                   .currencies = kCurrencies,
                                   .months = kMonths,
                                   .abbreviations = kAbbreviations,
                                   .id_words = kIdWords,
                                   .year_words = kYearWords,
                                   .emoji = kEmoji};
    return locale;
}

}  // namespace parley::spoken
