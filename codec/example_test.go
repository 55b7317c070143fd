package codec_test

import (
	"encoding/base64"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/rxsse/rxsse/codec"
)

func ExampleDecoder() {
	body := strings.NewReader(`: welcome

id: 1
event: price
data: {"symbol": "A", "price": 10}

data: two
data: lines

`)
	for event, err := range codec.NewDecoder(body).Events() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %s %q\n", event.Type, event.ID, event.Data)
	}
	// Output:
	// price 1 "{\"symbol\": \"A\", \"price\": 10}"
	// message 1 "two\nlines"
}

func ExampleDecoder_Next() {
	d := codec.NewDecoder(strings.NewReader("id: 7\nretry: 5000\ndata: hello\n\n"))
	for {
		event, err := d.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(event.Data)
	}
	retry, _ := d.Retry()
	fmt.Println("reconnect after", retry, "with Last-Event-ID", d.LastEventID())
	// Output:
	// hello
	// reconnect after 5s with Last-Event-ID 7
}

// A view is valid until the next Scan: use it, or copy the parts to keep.
func ExampleDecoder_Scan() {
	d := codec.NewDecoder(strings.NewReader("event: ping\ndata\n\nevent: token\ndata: Hel\n\nevent: token\ndata: lo\n\n"))
	var text strings.Builder
	for d.Scan() {
		switch view := d.View(); string(view.Type) {
		case "token":
			text.Write(view.Data)
		case "ping":
		}
	}
	fmt.Println(text.String(), d.Err())
	// Output: Hello <nil>
}

func ExampleWithComments() {
	d := codec.NewDecoder(strings.NewReader(":heartbeat\n\ndata: x\n\n"), codec.WithComments(true))
	for event := range d.Events() {
		if event.Type == "" {
			fmt.Println("comment:", event.Comment)
			continue
		}
		fmt.Println("event:", event.Data)
	}
	// Output:
	// comment: heartbeat
	// event: x
}

func ExampleSizeError() {
	d := codec.NewDecoder(strings.NewReader("data: 0123456789\n\n"), codec.WithMaxEventSize(8))
	_, err := d.Next()
	var tooLarge *codec.SizeError
	if errors.As(err, &tooLarge) {
		fmt.Println("more than", tooLarge.Limit, "bytes of", tooLarge.Field)
	}
	// Output: more than 8 bytes of data
}

func ExampleEncoder() {
	enc := codec.NewEncoder(os.Stdout)
	events := []codec.Event{
		{Retry: 2 * time.Second},
		{Type: "price", ID: "1", Data: "10\n11"},
		{}, // a heartbeat
	}
	for _, event := range events {
		if err := enc.Encode(event); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// retry: 2000
	//
	// event: price
	// data: 10
	// data: 11
	// id: 1
	//
	// :
}

func ExampleAppendEvent() {
	_, err := codec.AppendEvent(nil, codec.Event{ID: "1\ndata: forged", Data: "x"})
	fmt.Println(err)
	// Output: codec: cannot encode event: id contains a line feed
}

func ExampleJSON() {
	type Price struct {
		Symbol string  `json:"symbol"`
		Price  float64 `json:"price"`
	}
	decode := codec.JSON[Price]()

	price, err := decode(codec.Event{Type: "price", ID: "1", Data: `{"symbol":"A","price":10.5}`})
	fmt.Println(price, err)
	_, err = decode(codec.Event{Type: "price", ID: "2", Data: `{"symbol":"A","price":"none"}`})
	fmt.Println(err)
	// Output:
	// {A 10.5} <nil>
	// codec: decode payload of event "price" (id "2") at "/price" after byte 22: JSON string does not fit Go float64
}

// Any format with an Unmarshal function of the usual shape takes one call; a binary one,
// which streams carry in base64, takes a few lines more. Here it is gob.
func ExampleUnmarshal() {
	unmarshalGob := func(data []byte, v any) error {
		r := base64.NewDecoder(base64.StdEncoding, strings.NewReader(string(data)))
		return gob.NewDecoder(r).Decode(v)
	}
	decode := codec.Unmarshal[map[string]int](unmarshalGob)

	var data strings.Builder
	w := base64.NewEncoder(base64.StdEncoding, &data)
	if err := errors.Join(gob.NewEncoder(w).Encode(map[string]int{"A": 10}), w.Close()); err != nil {
		fmt.Println(err)
	}
	prices, err := decode(codec.Event{Data: data.String()})
	fmt.Println(prices, err)
	// Output: map[A:10] <nil>
}

// A Payload sees the whole event, so the type can select what to decode.
func ExamplePayload() {
	type (
		Trade struct{ Price float64 }
		Halt  struct{ Reason string }
	)
	trade, halt := codec.JSON[Trade](), codec.JSON[Halt]()
	decode := codec.Payload[any](func(event codec.Event) (any, error) {
		switch event.Type {
		case "trade":
			return trade(event)
		case "halt":
			return halt(event)
		default:
			return codec.Text(event)
		}
	})
	for _, event := range []codec.Event{
		{Type: "trade", Data: `{"Price":10.5}`},
		{Type: "halt", Data: `{"Reason":"volatility"}`},
		{Type: "message", Data: "closing in 5 minutes"},
	} {
		v, err := decode(event)
		fmt.Printf("%T %v %v\n", v, v, err)
	}
	// Output:
	// codec_test.Trade {10.5} <nil>
	// codec_test.Halt {volatility} <nil>
	// string closing in 5 minutes <nil>
}
