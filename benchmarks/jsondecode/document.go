package jsondecode

import (
	"fmt"
	"strings"
	"time"
)

// A document is the data of an event as services send them.
type document struct {
	name string
	text string
	make func() any // returns a pointer to decode into
}

func documents() []document {
	return []document{
		{"trade, 80 bytes", trade, func() any { return new(tradeEvent) }},
		{"LLM chunk, 200 bytes", chunk, func() any { return new(chunkEvent) }},
		{"Mastodon status, 3 KB", status(0), func() any { return new(statusEvent) }},
		{"timeline, 60 KB", timeline(), func() any { return new([]statusEvent) }},
	}
}

const trade = `{"e":"trade","s":"BTCUSDT","t":4815162342,"p":"64215.97","q":"0.00271","m":true}`

type tradeEvent struct {
	Event  string `json:"e"`
	Symbol string `json:"s"`
	ID     int64  `json:"t"`
	Price  string `json:"p"`
	Qty    string `json:"q"`
	Maker  bool   `json:"m"`
}

const chunk = `{"id":"chatcmpl-7QyqpwdfhqwajicIEznoc6Q47XAyW","object":"chat.completion.chunk","created":1755695198,"model":"gpt-5","choices":[{"index":0,"delta":{"content":" streams"},"finish_reason":null}]}`

type chunkEvent struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	Model   string `json:"model"`
	Choices []struct {
		Index int `json:"index"`
		Delta struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		} `json:"delta"`
		FinishReason *string `json:"finish_reason"`
	} `json:"choices"`
}

// A statusEvent has the members of a Mastodon status that a client shows. It ignores
// about half of what the server sends, as clients do.
type statusEvent struct {
	ID          string    `json:"id"`
	CreatedAt   time.Time `json:"created_at"`
	Sensitive   bool      `json:"sensitive"`
	Visibility  string    `json:"visibility"`
	Language    *string   `json:"language"`
	URL         string    `json:"url"`
	Replies     int       `json:"replies_count"`
	Reblogs     int       `json:"reblogs_count"`
	Favourites  int       `json:"favourites_count"`
	Content     string    `json:"content"`
	Account     account   `json:"account"`
	Attachments []struct {
		Type        string `json:"type"`
		URL         string `json:"url"`
		Description string `json:"description"`
	} `json:"media_attachments"`
	Mentions []struct {
		ID   string `json:"id"`
		Acct string `json:"acct"`
	} `json:"mentions"`
	Tags []struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	} `json:"tags"`
}

type account struct {
	ID          string    `json:"id"`
	Acct        string    `json:"acct"`
	DisplayName string    `json:"display_name"`
	Bot         bool      `json:"bot"`
	CreatedAt   time.Time `json:"created_at"`
	Note        string    `json:"note"`
	URL         string    `json:"url"`
	Avatar      string    `json:"avatar"`
	Followers   int       `json:"followers_count"`
	Following   int       `json:"following_count"`
}

// status returns a status as Mastodon sends it, of about 3 KB.
func status(i int) string {
	account := fmt.Sprintf(`{"id":"1170206171365%05d","username":"ada%[1]d","acct":"ada%[1]d@social.example","display_name":"Ada Lovelace \u2728","locked":false,"bot":false,"discoverable":null,"indexable":false,"group":false,"created_at":"2026-08-01T00:00:00.000Z","note":"<p>Poetical science, and other notes by the translator.</p>","url":"https://social.example/@ada%[1]d","uri":"https://social.example/ap/users/1170206171365%05[1]d","avatar":"https://files.social.example/accounts/avatars/1170206171365%05[1]d/original/5a7b.png","avatar_static":"https://files.social.example/accounts/avatars/1170206171365%05[1]d/original/5a7b.png","avatar_description":"","header":"https://files.social.example/headers/original/missing.png","header_static":"https://files.social.example/headers/original/missing.png","header_description":"","followers_count":1842,"following_count":337,"statuses_count":1914,"last_status_at":"2026-08-02","hide_collections":null,"show_media":true,"show_media_replies":true,"show_featured":true,"noindex":false,"feature_approval":{"automatic":[],"manual":[],"current_user":"denied"},"emojis":[],"roles":[],"fields":[]}`, i)
	media := fmt.Sprintf(`[{"id":"117024234%06d","type":"image","url":"https://files.social.example/media/117024234%06[1]d/original/8c1f.png","preview_url":"https://files.social.example/media/117024234%06[1]d/small/8c1f.png","remote_url":null,"description":"A diagram of the analytical engine","blurhash":"UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH"}]`, i)
	return fmt.Sprintf(`{"id":"117024234734%06d","created_at":"2026-08-02T05:21:53.015Z","in_reply_to_id":null,"in_reply_to_account_id":null,"sensitive":false,"spoiler_text":"","visibility":"public","language":"en","uri":"https://social.example/ap/users/1170/statuses/117024234734%06[1]d","url":"https://social.example/@ada%[1]d/117024234734%06[1]d","replies_count":3,"reblogs_count":12,"favourites_count":40,"quotes_count":0,"edited_at":null,"favourited":false,"reblogged":false,"muted":false,"bookmarked":false,"content":%[2]q,"filtered":[],"reblog":null,"application":{"name":"Web","website":null},"account":%[3]s,"media_attachments":%[4]s,"mentions":[{"id":"117020617404561855","username":"charles","url":"https://social.example/@charles","acct":"charles"}],"tags":[{"name":"engine","url":"https://social.example/tags/engine"}],"emojis":[],"tagged_collections":[],"quote":null,"card":null,"poll":null,"quote_approval":{"automatic":[],"manual":[],"current_user":"denied"}}`,
		i, `<p><span class="h-card" translate="no"><a href="https://social.example/@charles" class="u-url mention">@<span>charles</span></a></span> The engine weaves algebraic patterns just as the loom weaves flowers and leaves. We may say so without exaggeration, and I intend to publish the tables.</p>`, account, media)
}

// timeline returns a JSON array of statuses, of about 60 KB.
func timeline() string {
	var all []string
	for size := 0; size < 60_000; size += len(all[len(all)-1]) {
		all = append(all, status(len(all)))
	}
	return "[" + strings.Join(all, ",") + "]"
}
