package source

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRedactText(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no URL":                         {`dial tcp [::1]:80: connect: connection refused`, `dial tcp [::1]:80: connect: connection refused`},
		"a harmless URL":                 {`Get "https://host:8080/path": EOF`, `Get "https://host:8080/path": EOF`},
		"a question":                     {`what? an address such as me@host.example!`, `what? an address such as me@host.example!`},
		"user and password":              {`Get "https://user:secret@host/path": EOF`, `Get "https://host/path": EOF`},
		"a user alone":                   {`Get "https://secret@host/path": EOF`, `Get "https://host/path": EOF`},
		"a query":                        {`Get "https://host/path?topic=a&key=secret": EOF`, `Get "https://host/path?topic=a&key=…": EOF`},
		"a token for a query":            {`Get "https://host/path?secret": EOF`, `Get "https://host/path?…": EOF`},
		"a fragment":                     {`Get "https://host/path#secret": EOF`, `Get "https://host/path": EOF`},
		"the query of a path":            {`GET /path?key=secret failed`, `GET /path?key=… failed`},
		"without quotes":                 {`cannot reach https://user:secret@host/path?key=secret: EOF`, `cannot reach https://host/path?key=…: EOF`},
		"in brackets":                    {`failed (see <https://host/?key=secret>, or (ws://user:secret@host/))`, `failed (see <https://host/?key=…>, or (ws://host/))`},
		"in quotes in quotes":            {`"Get \"https://user:secret@host/?key=secret\": EOF"`, `"Get \"https://host/?key=…\": EOF"`},
		"two URLs":                       {`https://a:secret@b/ then https://c:secret@d/`, `https://b/ then https://d/`},
		"a URL in a query":               {`https://a/?next=https://user:secret@host/`, `https://a/?next=…`},
		"two URLs with a comma":          {`https://a,https://user:secret@host/`, `https://…`},
		"a blank in a password":          {`parse "https://user:sec ret@host/": no`, `parse "https://host/": no`},
		"a quote in a password":          {`Get "https://user:"secret@host/": EOF`, `Get "…@host/": EOF`},
		"quotes in a password":           {`dial https://user:'x"secret@host/path?key=secret: EOF`, `dial …@host/path?key=…: EOF`},
		"a quote and a slash":            {`parse "https://user:sec/"ret"secret@host/": no`, `parse "…@host/": no`},
		"a bracket in a password":        {`cannot reach https://user:<"secret>secret@host/`, `cannot reach …@host/`},
		"a URL in JSON":                  {`{"url":"https://host/a","other":"https://user:secret@host/"}`, `{"url":"…@host/"}`},
		"a URL in JSON, no user":         {`{"url":"https://host/a","other":"b"}`, `{"url":"https://host/a","other":"b"}`},
		"a slash in a password":          {`parse "https://user:sec/ret@host/": no`, `parse "https://…": no`},
		"a password that is a path":      {`Get "https://user:/secret@host/": EOF`, `Get "https://…": EOF`},
		"a password for a port":          {`parse "https://user:secret": invalid port ":secret" after host`, `parse "https://user…": invalid port ":…" after host`},
		"the same in quotes":             {`"parse \"https://user:secret\": invalid port \":secret\" after host"`, `"parse \"https://user…\": invalid port \":…" after host"`},
		"one slash":                      {`Get "http:/user:secret@host/": no host`, `Get "…@host/": no host`},
		"no slash":                       {`Get "http:user:secret@host/": no host`, `Get "…@host/": no host`},
		"no scheme":                      {`invalid proxy address "user:secret@host:80/"`, `invalid proxy address "…@host:80/"`},
		"three slashes":                  {`Get "http:///user:secret@host/": no host`, `Get "http://…": no host`},
		"a quote that does not end":      {`Get "https://user:secret@host/`, `Get "https://host/`},
		"a password with an at sign":     {`Get "https://user:secret@secret@host/": EOF`, `Get "https://host/": EOF`},
		"an at sign in a path":           {`Get "https://host/@me/secret-less": EOF`, `Get "https://host/@me/secret-less": EOF`},
		"an address of version 6":        {`Get "https://user:secret@[::1]:80/": EOF`, `Get "https://[::1]:80/": EOF`},
		"a scheme of another kind":       {`redis+tls://:secret@host:6379/0 is down`, `redis+tls://host:6379/0 is down`},
		"a word of marks alone":          {`?:?@? :// @ :@ ?`, `?… … @ …@ ?`},
		"an event in the server's words": {`status 500: "{\"error\":\"try again?\"}"`, `status 500: "{\"error\":\"try again?\"}"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := redactText(c.text, []string{"topic"})
			assert.NotContains(t, got, "secret@")
			assert.Equal(t, c.want, got)
			assert.Equal(t, got, redactText(got, []string{"topic"}), "once is enough")
		})
	}
}
