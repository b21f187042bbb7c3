"""Quotas: how much one visitor or contact may hold unpaid, and how often somebody may guess.

A *hold row* per visitor and per contact lists the open orders and how many cards of each product they hold:

```
HOLD#visitor#{hash}   n: 2   o_ord_A: "video-vip 3"   o_ord_B: "points 1"   p_video_vip: 3   p_points: 1   v: 7   ttl
```
The commit that places an order adds itself under `n < orders` and `p_{product} <= cards - quantity`, so the bound is
exact under any concurrency. Nobody subtracts: paying, expiring and canceling write nothing here. Instead a buyer who
meets the bound has his row compared with the orders themselves and the finished ones taken out (`pruned`), once.
That keeps two writes out of every sale.

A *visitor* is the network address (IPv6: its /64), keyed-hashed. Cookies cost a bot nothing, addresses do.
"""
