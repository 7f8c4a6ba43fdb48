/* filter_time.c -- times of the filter text: a date, or a date and a time of day, in UTC; and how long. */
#include <string.h>

#include "query/query_impl.h"

/* `count` digits at `at`; false when there are fewer, or what they say is outside from..to. */
static bool digits(const char **at, const char *end, int count, int from, int to, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++, ++*at) {
        if (*at == end || **at < '0' || **at > '9')
            return false;
        *number = 10 * *number + (**at - '0');
    }
    return *number >= from && *number <= to;
}

static bool sign(const char **at, const char *end, char wanted)
{
    if (*at == end || **at != wanted)
        return false;
    ++*at;
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 in the Gregorian calendar, for years from 0 to 9999. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t before = year > 0 ? year - 1 : 0; /* whole years since year 0, which is a leap year */
    int64_t days = 365 * (int64_t)year + before / 4 - before / 100 + before / 400 + (year > 0);
    for (int i = 1; i < month; i++)
        days += days_of_month(year, i);
    return days + day - 1 - 719528;
}

static bool fraction(const char **at, const char *end, int32_t *nanoseconds)
{
    int32_t unit = 100000000;
    const char *start = *at;
    for (; *at < end && **at >= '0' && **at <= '9'; ++*at, unit /= 10) {
        if (unit == 0)
            return false;
        *nanoseconds += unit * (**at - '0');
    }
    return *at > start;
}

static bool time_of_day(const char **at, const char *end, int64_t *seconds, int32_t *nanoseconds)
{
    int hour, minute, second = 0;
    if (!digits(at, end, 2, 0, 23, &hour) || !sign(at, end, ':') || !digits(at, end, 2, 0, 59, &minute))
        return false;
    if (sign(at, end, ':')) {
        if (!digits(at, end, 2, 0, 59, &second))
            return false;
        if (sign(at, end, '.') && !fraction(at, end, nanoseconds))
            return false;
    }
    *seconds += 3600 * hour + 60 * minute + second;
    return true;
}

size_t kx_query__parse_time(const char *text, size_t size, kx_value *value)
{
    const char *at = text, *end = text + size;
    int year, month, day;
    int32_t nanoseconds = 0;
    if (!digits(&at, end, 4, 0, 9999, &year) || !sign(&at, end, '-') || !digits(&at, end, 2, 1, 12, &month) ||
        !sign(&at, end, '-') || !digits(&at, end, 2, 1, 31, &day) || day > days_of_month(year, month))
        return 0;
    int64_t seconds = 86400 * days_since_1970(year, month, day);
    if (sign(&at, end, 'T') && !time_of_day(&at, end, &seconds, &nanoseconds))
        return 0;
    sign(&at, end, 'Z');
    *value = (kx_value){.type = KX_TYPE_TIME, .integer = seconds, .extra = nanoseconds};
    return (size_t)(at - text);
}

static int64_t seconds_of(char unit)
{
    switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86400;
    case 'w': return 604800;
    default: return 0;
    }
}

size_t kx_query__parse_duration(const char *text, size_t size, int64_t *seconds)
{
    const int64_t most = INT64_C(10000) * 366 * 86400;
    int64_t count = 0;
    size_t at = 0;
    for (; at < size && text[at] >= '0' && text[at] <= '9' && count <= most; at++)
        count = 10 * count + (text[at] - '0');
    int64_t unit = at < size ? seconds_of(text[at]) : 0;
    if (at == 0 || unit == 0 || count > most / unit)
        return 0;
    *seconds = unit * count;
    return at + 1;
}
