/* The address filter looks at the bytes that connect() will use, so that numeric spellings, names
 * that resolve inwards and rebinding between check and use make no difference. */
#include "config.h"

#include "fetchers/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

struct range4 {
    uint32_t net;
    int bits;
};

static const struct range4 closed4[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* shared, carrier NAT */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local, cloud metadata */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xe0000000, 3},  /* multicast, reserved, broadcast */
};

static bool public4(uint32_t ip)
{
    for (size_t i = 0; i < sizeof(closed4) / sizeof(closed4[0]); i++)
        if ((ip ^ closed4[i].net) >> (32 - closed4[i].bits) == 0)
            return false;
    return true;
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool has_prefix(const uint8_t a[16], const char *prefix, size_t n)
{
    return memcmp(a, prefix, n) == 0;
}

static bool public6(const uint8_t a[16])
{
    if ((a[0] & 0xfe) == 0xfc || a[0] == 0xff) /* fc00::/7 local, ff00::/8 multicast */
        return false;
    if (a[0] == 0xfe && (a[1] & 0x80) == 0x80) /* fe80::/10 link, fec0::/10 site */
        return false;
    /* The last four bytes are an IPv4 address: compatible (also :: and ::1), mapped, translated,
     * NAT64. */
    if (has_prefix(a, "\0\0\0\0\0\0\0\0\0\0\0\0", 12) ||
        has_prefix(a, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) ||
        has_prefix(a, "\0\0\0\0\0\0\0\0\xff\xff\0\0", 12) ||
        has_prefix(a, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0", 12))
        return public4(be32(a + 12));
    if (has_prefix(a, "\0\x64\xff\x9b\0\1", 6)) /* NAT64 of a local translator */
        return false;
    if (has_prefix(a, "\x20\x02", 2)) /* 6to4 */
        return public4(be32(a + 2));
    if (has_prefix(a, "\x20\x01\0\0", 4)) /* Teredo: its server, and the client in complement */
        return public4(be32(a + 4)) && public4(~be32(a + 12));
    return true;
}

bool ct_address_public(const struct sockaddr *sa, size_t len)
{
    sa_family_t family;
    if (len < offsetof(struct sockaddr, sa_data))
        return false;
    memcpy(&family, (const char *)sa + offsetof(struct sockaddr, sa_family), sizeof(family));
    if (family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof(in));
        return public4(ntohl(in.sin_addr.s_addr));
    }
    if (family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in;
        memcpy(&in, sa, sizeof(in));
        return public6(in.sin6_addr.s6_addr);
    }
    return false;
}

bool ct_host_public(const char *host)
{
    static const char local[] = "localhost";
    char text[80];
    struct in_addr v4;
    struct in6_addr v6;

    size_t n = strlen(host);
    while (n > 0 && host[n - 1] == '.') /* "localhost." and "127.0.0.1." are the same places */
        n--;
    if (n >= sizeof(local) - 1 &&
        strncasecmp(host + n - (sizeof(local) - 1), local, sizeof(local) - 1) == 0 &&
        (n == sizeof(local) - 1 || host[n - sizeof(local)] == '.'))
        return false;
    if (n > 0 && host[0] == '[') {
        host++;
        n = strcspn(host, "%]");
    }
    if (n == 0 || n >= sizeof(text))
        return n != 0;
    memcpy(text, host, n);
    text[n] = '\0';
    if (inet_pton(AF_INET, text, &v4) == 1)
        return public4(ntohl(v4.s_addr));
    if (inet_pton(AF_INET6, text, &v6) == 1)
        return public6(v6.s6_addr);
    return true;
}
