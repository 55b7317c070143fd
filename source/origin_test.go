package source

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Two URLs have the same origin if scheme, host and port are the same (RFC 6454 §5).
func TestLeavesOrigin(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		leaves   bool
	}{
		"the same":                {"https://host/a", "https://host/b?c#d", false},
		"the default port":        {"https://host/a", "https://HOST:443/", false},
		"the default port, http":  {"http://host:80/a", "http://host/", false},
		"an address":              {"http://[::1]/", "http://[::1]:80/", false},
		"another port":            {"https://host/", "https://host:8443/", true},
		"from one port to a next": {"https://host:1/", "https://host:2/", true},
		"without TLS":             {"https://host/", "http://host/", true},
		"without TLS, same port":  {"https://host:1/", "http://host:1/", true},
		"to TLS":                  {"http://host/", "https://host/", true},
		"a host below":            {"https://host/", "https://a.host/", true},
		"a host above":            {"https://a.host/", "https://host/", true},
		"a name that begins so":   {"https://host/", "https://host.example/", true},
		"another address":         {"http://[::1]/", "http://[::2]/", true},
	} {
		t.Run(name, func(t *testing.T) {
			from, err := url.Parse(c.from)
			require.NoError(t, err)
			to, err := url.Parse(c.to)
			require.NoError(t, err)
			via := []*http.Request{{URL: from}}
			assert.Equal(t, c.leaves, leavesOrigin(to, via))
			assert.Equal(t, c.leaves, leavesOrigin(from, append(via, &http.Request{URL: to})), "and back")
		})
	}
}
