# ruff: noqa: E501 - a template is one line, however long
"""What customers say about networks and messages, by category and subcategory.

Only phrase banks belong here, in the notation of ``grammar``. ``says`` are first-person
sentences, ``notes`` are noun phrases ("call about …"), ``pidgin`` is Nigerian Pidgin.
"""

from complaints_platform.generator.grammar import Topic

TOPICS = {
    ("network_voice", "no_signal"): Topic(
        says="""
            [My|The] phone [shows|displays|reads] [just SOS|nothing where bars belong|a cross where the bars should be|\
"not registered"] [{since}|{dur}|every time I am {place}]
            [There is|We have] [absolutely |literally |]no [reception|coverage|cell service] [worth the name |to speak of |]{place} {since}
            [Nobody|No one] [in this house|on our street|in the office|in {town}] [can|is able to] [ring out|make a call|get a line] {since}
            [The line|My line|This {device}] [went dead|has been dead|lost the tower] {when} and [never came back|is still down|has not returned]
            I [drove|walked|moved] [all around|across|through] {town} and [not one bar came up|the handset stayed blank|it kept searching]
            [Both|All three] of our [handsets|sims|phones] [{since} keep hunting for a mast|dropped off the mast {when}|are stuck on searching {place}]
            [Zero|Not a single bar of] [coverage|reception] {place}, [{dur} now|and it started {when}]
            [Restarting|Rebooting|Swapping] the [handset|{device}|sim tray] [changes nothing|did nothing], it [just|simply] [says searching|sits on searching|cannot find {brand}]
            I [only get|am down to|get] [one bar|a single bar|half a bar] [inside|upstairs|in the kitchen|at my desk|{place}]
            [Reception|Coverage] [in|around] [our flat|my house|the office|the estate|this building] [is terribly thin|is hopeless|has become feeble|barely exists]
            I [have to|must|end up having to] [stand by the window|go out to the balcony|climb on the roof|lean out of the door] [to be heard|before a call connects|for one bar]
            [Indoors|Inside my room|Anywhere past the front door] the [bars vanish|reception fades|bars fall to nothing], [even though|although] {town} is [marked green on your map|supposedly covered]
            [The bars|Signal strength] [went|dropped] from [four|full|five] to one {since} [and stay there|without any explanation|]
            Your [checker|online map] [paints|promises] [excellent|perfect] [indoor|outdoor] reception {place}, [reality is one bar|the phone disagrees]
            [Neighbours on other networks|My wife on another network] [have|has] [full bars|five bars] {place} while I [scrape by on one|have next to nothing]
        """,
        notes="""
            total loss of [coverage|reception] {place}
            [handset|device] stuck on [searching|emergency calls only] {since}
            no [voice|cellular] coverage at [home|work|premises] {since}
            [mast|cell site] apparently down {place}
            [line|sim] not attaching to any [mast|cell] {since}
            [poor|weak|faint] indoor [reception|coverage] {place}
            [one bar|low signal strength] at [home address|workplace] {since}
            coverage below what the [map|checker] shows {place}
            [fading|marginal] reception inside building
        """,
        pidgin="""
            [Network no dey|E no get network] [kpatakpata|completely|one inch] {place} {since}
            My phone just dey [search search|show SOS|find network] {since}, [nothing dey enter|e no catch anything]
            [Since|From] {pday} [una mast don die|una network waka go|light no dey your mast], nobody fit call [person|anybody]
            I don [off am on am|restart this phone] {times}, [still nothing|no bar show face]
            Network dey [weak|do small small|low like sick person] for my [house|area|shop] {since}
            Na only [one bar|half bar] I dey see [inside room|{place}], [unless I climb upstairs|until I go outside]
            If I no [stand for window|comot go road], [call no fit clear|bar no go show]
        """,
    ),
    ("network_voice", "call_drops"): Topic(
        says="""
            [My|All my|Every one of my] [conversations|phone calls] [stop|get cut|end abruptly|are chopped] after [about |roughly |]{n} [seconds|minutes]
            [Calls|Conversations] [drop|die|cut] [{times} a day|mid-sentence|in the middle of everything|as soon as I start moving] {since}
            I [had to|was forced to] redial {times} [just to finish one conversation|because the line kept going|to speak with {family}]
            [Halfway through|In the middle of] [a job interview|a call with {family}|a client call|a call to the hospital] the line [went|just went|simply went] [dead|silent and ended]
            [It|The phone] [hangs up by itself|disconnects on its own|cuts me off] [after {n} minutes|every few minutes|whenever the train moves] {since}
            [You|{brand}] [cut|chop|break] my calls [constantly|every single day|{times} within one hour]
            [Any|Each] call longer than {n} minutes [is terminated|falls over|gets disconnected] [{place}|{since}|]
        """,
        notes="""
            calls [cutting off|disconnecting] after {n} minutes
            [repeated|frequent] [disconnections|call drops] {place}
            conversations ending [mid call|abruptly] {since}
            [cust redials|redialling] {times} per conversation, line drops
        """,
        pidgin="""
            [Call dey cut|E dey cut me] [anyhow|every {n} minutes|as I dey talk] {since}
            I go dial {family} {times} before we [finish one talk|talk finish], [line dey cut|call go just end]
            [Why|Wetin make] my call dey [chop off|cut for middle] [every time|like this]
        """,
    ),
    ("network_voice", "call_quality"): Topic(
        says="""
            [The other side|The person on the other end|{family2}] [sounds|comes through] [metallic|underwater|chopped up|broken and metallic]
            [People|Callers] [tell me|say|complain] [my voice breaks up|they cannot hear me|I echo|they only catch every second word] {since}
            [There is|I get] a [loud |constant |terrible |][echo|crackle|hiss|buzzing] on [every call|all my calls|the line] [{since}|{place}|]
            [One-way audio|Sound in one direction only] [again|on most calls], I hear them [but they hear nothing|and they hear silence]
            [Voices|Words] [arrive|come through] {n} seconds [late|delayed] so [we talk over each other|everyone interrupts everyone]
            [The audio|Sound] on [voice calls|the landline|this line] [is so garbled|crackles so much|is so faint] that [I give up|nobody understands a thing]
        """,
        notes="""
            [echo|crackling|static|robotic sound] during [calls|every conversation] {since}
            one-way audio, [caller|called party] hears nothing
            garbled [voice|audio] {place}
            [delay|lag] in speech on calls
        """,
        pidgin="""
            [Voice dey crack|Person voice dey break] [like bad radio|anytime I call] {since}
            My ear dey catch am but [e no catch my own|na silence for e side]
            [Echo full the line|Na my own voice I dey hear back] [every call|{since}]
        """,
    ),
    ("network_voice", "call_setup"): Topic(
        says="""
            [When I dial|As soon as I dial|Each time I dial] [{family}|any number|a landline|other networks] I [hear|get] [three beeps|a fast busy tone|silence then a beep|"the number is not available"]
            [It takes|I wait] {n} [tries|attempts] [before one call goes through|to get a ringing tone] {since}
            [Outgoing|Outbound] calls [fail instantly|never connect|just end with "call failed"|are refused] [{since}|{place}|although I have credit]
            [Nobody|No caller] can [reach|ring] me, they [hear|are told] [the line is switched off|the subscriber is unavailable|it is busy] [while my {device} is on|although it is in my hand]
            [Incoming calls|Calls to me] [go straight to voicemail|never ring|do not get through] {since}
            [Dialling|Calling] [{country} numbers|abroad|emergency numbers|the bank] [ends in|only gives] [an error tone|"network busy"|a recording]
        """,
        notes="""
            outgoing calls [fail|rejected] at [dialling|set-up] {since}
            [incoming|inbound] calls diverted to voicemail, [handset|device] not ringing
            [network busy|error tone] on dialling [other networks|landlines|abroad]
            {n} attempts needed per connected call
        """,
        pidgin="""
            [If I dial|As I dial] {family}, [e go just beep|"network busy" na im dey talk] [every time|{since}]
            Person go dial me, [dem say my phone off|e no dey ring], [but phone dey my hand|and I no off am]
            I don try [call|reach] am {times}, [e no gree connect|call no dey go]
        """,
    ),
    ("network_data", "data_outage"): Topic(
        says="""
            [The internet|Our broadband|Mobile internet|Home internet] [is completely down|has been out|went off|died] [{when}|{dur}|{since}]
            [Nothing|No website|No app|Not one page] [loads|opens|will load] [on any device |]{since}
            [The router|The modem|The box] [flashes red|shows a red globe|has an orange light] and [nothing is online|we are offline|the whole house is offline] {since}
            [4G|5G|LTE|Mobile data] [switched itself off|vanished|disappeared] [{when}|{place}], [calls work but the web does not|only calls are working]
            [We|The whole office|Everyone in {town}] [have|has] been offline {dur}, [not one update|and your status page says all fine|and counting]
            [Data is on|Data switch is on|APN is right|I have {gb} left] [and still|yet|but] [nothing connects|not a thing opens|no page comes up] {place}
            [Another|Yet another] [internet blackout|broadband blackout|fibre cut|internet failure] [{place}|in {town}], [{dur} already|no end in sight]
            [Total|Complete] [data|internet] [blackout|failure] {place} {since}
        """,
        notes="""
            [internet|broadband|data] [down|offline] {since}
            [red light|no sync] on [router|modem], [premises|household] offline {dur}
            mobile data not [connecting|attaching] {place}
            [area-wide|local] data [failure|blackout] suspected {place}
            no browsing possible {since} despite {gb} left
        """,
        pidgin="""
            [MB don freeze|Internet don die|Browsing no gree] [completely|one kind] {place} {since}
            I get {gb} but [e no fit open anything|WhatsApp no gree send|nothing dey load]
            [Una internet don waka|MB dey but net no dey] {since}, [my business don stop|we just siddon dey look]
            [Everybody for {town}|All of us for here] [no get internet|dey offline] {since}
        """,
    ),
    ("network_data", "data_slow"): Topic(
        says="""
            [A measurement|My test yesterday|I measured and it] [gives|gave|came to] {mbps} [Mbps|megabits] [while I pay for {bigmbps}|on a {bigmbps} package|at best]
            [Pages|Videos|Even simple pages|Emails] [take|need] {n} minutes to [load|open|come up] [{place}|in the evening|{since}]
            [YouTube|Netflix|Zoom|My video lesson] [buffers|freezes|stutters] [endlessly|every ten seconds|at the lowest quality] {since}
            [The connection|My fibre|5G|This broadband] [crawls|is slower than dial-up|runs at a snail's pace] [{since}|after 6pm|at peak times]
            I [pay|am paying] {amount} [a month|monthly] for [ultrafast|superfast|unlimited] [broadband|internet] and [get|receive] {mbps} Mbps
            [Downloading|Uploading] [one file|a document|a {gb} update] [took|needs] {n} hours [today|{when}]
            [You|{brand}] [throttle|are throttling|choke] my [line|connection] [{since}|after only {gb}|every evening]
            [Browsing|Loading anything] [is painfully sluggish|has become unbearable|takes forever] [on 4G|on LTE|over wifi] [{place}|]
        """,
        notes="""
            [low|poor] throughput, [test|measured] {mbps} Mbps against {bigmbps} sold
            sluggish [browsing|broadband] in the [evening|afternoon] {since}
            [buffering|stuttering] video on [fibre|5G|4G]
            suspected throttling after {gb}
        """,
        pidgin="""
            [Network dey slow|Internet dey crawl|Browsing dey drag] [like tortoise|die|well well] {since}
            [One video|Common picture] dey take {n} minutes [to load|before e open]
            Na {mbps} Mbps I dey see [for speed test|when I check], [wetin I pay for|na so 5G be]
        """,
    ),
    ("network_data", "data_unstable"): Topic(
        says="""
            [The wifi|My internet|Broadband|The connection] [flaps|drops in and out|is there and then not|cuts out every {n} minutes] {since}
            I [get kicked out of|am thrown out of|lose] [Zoom|every online meeting|my game|my exam portal] [{times} a day|because the link keeps resetting]
            [One minute|One moment] [it works|it is fine], [the next|a minute later] [it is gone|I am offline], [all day long|{since}]
            The [router|modem|hub] [restarts itself|loses sync|drops the link] {times} [a day|every night|per evening]
            [It switches|My phone jumps] between [4G and 3G|5G and edge|H+ and nothing] [every minute|constantly] {place}
            [Latency|Ping] [jumps|spikes] to {n}00 ms [and packets vanish|every few seconds] [{since}|at night]
        """,
        notes="""
            intermittent [broadband|data], link resets {times} a day
            [router|modem] loses sync {times} [daily|per evening]
            [unstable|flapping] connection {since}
            jumps between [4G and 3G|5G and 4G] {place}
        """,
        pidgin="""
            Internet dey [come dey go|blink like Christmas light|do hide and seek] {since}
            [E go work small|Now e dey], [after two minutes e don go|next minute e don die]
            [My meeting dey cut|Zoom dey throw me out] {times} [every day|today]
        """,
    ),
    ("network_data", "tv_service"): Topic(
        says="""
            [The TV box|Our set-top box|The decoder|The streaming stick] [freezes|shows a black picture|says error {n}|restarts] [{since}|during every match|each evening]
            [Half|Several|{n}] of the [channels|sports channels|films] [we pay {amount} for|in our package] [are gone|went missing|ask for another subscription] {since}
            [The picture|Live football|The news] [breaks into squares|stutters|hangs on one frame] [every few minutes|whenever it rains|{since}]
            [Recordings|Replays|My saved series] [were deleted|will not play|disappeared] {when}
            [No sound|No picture|Only a blue screen] on the [television|TV], [the box was reset {times}|your remote does nothing]
            I [bought|booked] the [sports|film|kids] [pack|option] for {amount} [and it never unlocked|and every channel stays locked]
        """,
        notes="""
            [set-top box|decoder] [freezes|no picture] {since}
            {n} [channels|sports channels] [missing|locked] although booked
            [television|TV] picture [breaking up|stuttering]
            tv option of {amount} not activated
        """,
        pidgin="""
            [The decoder|Una TV box] [no dey show anything|just dey hang] {since}, [I pay {amount}|ball dey on and I no fit see am]
            [Channel don disappear|Una lock my channel] {pday}, [no picture|na black screen]
        """,
    ),
    ("messaging", "message_undelivered"): Topic(
        says="""
            [Texts|SMS|The messages] I [send|sent] to [{family}|my customers|other networks|my bank] [never arrive|did not arrive|come back as failed|get a red mark]
            [Not one|None] of the [verification codes|OTPs|bank codes|login codes] [has reached me|arrives on this number|shows up] {since}
            I [requested|asked for] the [OTP|one time code|code] {times} and [nothing came|my inbox is empty|not one text turned up]
            [Message|Text] sending [fails|is rejected] [every time|with error {n}] [{since}|although I have credit]
            [Group texts|Picture messages|MMS|Long texts] [vanish|get lost|refuse to send] [{since}|to anybody on another network]
            [My|The] [outbox|phone] [shows|says] "[not sent|message failed|sending failed]" [for every text|{times} in a row]
        """,
        notes="""
            [sms|texts] not [arriving|reaching recipients] {since}
            [otp|bank codes|verification codes] never received on this number
            outgoing [sms|mms] rejected {since}
            [picture messages|texts to other networks] lost
        """,
        pidgin="""
            [Text wey I send|SMS wey I send] {family} [no reach|never enter] [till now|{since}]
            [OTP no gree land my phone|Bank code no gree show], I don request am {times}
            [My message dey fail|E dey show "not sent"] [every time|{since}]
        """,
    ),
    ("messaging", "message_delayed"): Topic(
        says="""
            [Texts|SMS|Messages|OTPs] [arrive|turn up|land] {n} [hours|minutes] [late|after they were sent] {since}
            [The|My] [OTP|bank code|login code] [came|showed up] {n} [minutes|hours] [later|too late], [long expired|when it was useless]
            I [received|got] [yesterday's|last week's] [texts|messages] [only now|this morning], [all in one go|{n} at once]
            {family2} [texted|messaged] me {when} and it [only came through|reached me] [{n} hours later|the next day]
            [Delivery|Transmission] of [SMS|texts] [lags|takes] {n} hours [on your network|{place}|{since}]
        """,
        notes="""
            [sms|texts|otp] arriving {n} hours late {since}
            [late|slow] delivery of [bank codes|texts]
            messages [queued|held back], [received next day|arrive in bulk]
        """,
        pidgin="""
            [OTP|Text|SMS] dey [enter late|delay], {n} hours [after|before e show]
            Message wey [dem send|{family} send] {pday} [na now e enter|just land today]
        """,
    ),
}
