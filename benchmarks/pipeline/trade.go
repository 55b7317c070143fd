package pipeline

// A trade is what flows through the pipelines.
type trade struct {
	ID    int64
	Key   int64
	Price int64
	Qty   int64
	Fee   int64
}

const (
	window  = 100 // items
	keys    = 1000
	streams = 4 // merged, or fanned out to
)

func trades(n int) []trade {
	all := make([]trade, n)
	for i := range all {
		all[i] = trade{ID: int64(i), Key: int64(i*7919) % keys, Price: 100 + int64(i%50), Qty: 1 + int64(i%3)}
	}
	return all
}

func wanted(t trade) bool          { return t.ID%4 != 0 }
func withFee(t trade) trade        { t.Fee = t.Price * t.Qty; return t }
func key(t trade) int64            { return t.Key }
func add(sum int64, t trade) int64 { return sum + t.Price*t.Qty }

// turnover folds a window into one number, which shows how long the window was.
func turnover(items []trade) int64 {
	var sum int64
	for _, t := range items {
		sum += t.Fee
	}
	return sum * int64(len(items))
}

// mix adds the sum of a key to a number that depends on which key has which sum,
// and not on the order of the keys.
func mix(total, key, sum int64) int64 { return total + (key+1)*sum }

// quarter returns the trades of one of the merged streams.
func quarter(all []trade, i int) []trade {
	n := len(all) / streams
	return all[i*n : (i+1)*n]
}
