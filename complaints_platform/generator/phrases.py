# ruff: noqa: E501 - a template is one line, however long
"""What frames a complaint: openings, circumstances, consequences, demands and closings.

Only phrase banks belong here, in the notation of ``grammar``. What the complaint is about
stands in ``topics_*``.
"""

OPENINGS = {
    "formal": """
        Dear [Sir or Madam|{brand} team|customer relations|complaints department],
        To whom it may concern,
        [Good morning|Good afternoon|Good day|Hello],
        [Dear Sirs|Ladies and gentlemen],
        I [write|am writing] to [lodge|register|make] a formal complaint.
        [With this message|Hereby] I [wish to|would like to] complain [formally|officially|].
        [As|Being] [a loyal customer|your customer|a subscriber] for {n} years I [regret having to write|am dismayed].
    """,
    "plain": """
        [Hi|Hello|Hey|Hi there|Good morning],
        [Hi|Hello] [team|all|{brand}],
        [Quick|One] [question|problem] [here|]:
        [Not sure|I wonder] if [this is the right place|anybody reads this], but here goes:
        [Right|OK|So],
    """,
    "angry": """
        [Seriously|Honestly|Unbelievable|Disgraceful|Shocking|Wow|Enough]!
        [What is wrong with you|What a shambles|What a mess|Are you kidding me]?
        [Shame on you|Pathetic|Useless|Rubbish|Appalling] {brand}!
        [Hey|Oi] {brand},
        [I am|I'm] [furious|livid|done|fuming|beyond angry].
        [FFS|Omg|WTH|Ridiculous].
    """,
    "sms": """
        [Pls|Hello|Hi|Good day|Gud morning|Sir|Ma|Help],
        [Pls|Kindly] [help|look into this|check]
        {brand} [pls|abeg|help]
        [Complaint|Urgent|SOS]:
    """,
    "pidgin": """
        [Abeg|Oga|Madam|My people|Una],
        [Wetin be this|Which kain thing|Wetin dey happen|See me see trouble] [sef|o|na|]?
        [Ah ah|Haba|Chai|Wahala|Una well done] [{brand}|o|],
        [How far|Good morning] {brand},
    """,
}

CIRCUMSTANCES = """
    [I live|I am|We are] {place} [and use|and have] {product}.
    [This|It|The whole thing] [started|began] {when}.
    I [have been|am] [on|with] {product} {dur}.
    [I already|I have already] [called|rung] {times} [and opened {ref}|about it|].
    [I already|I have already|] tried [a restart|another handset|your app|the usual tricks], [no luck|in vain].
    [For the record|Just so you know|For your information], [I use a {device}|my phone is a {device}|I am on {product}].
    [My reference|Case number|The ticket] is {ref}.
    [It happened|It was] [{when}|on {date}] [around|at about] {clock}.
    I [depend on|need] [this|it] [for work|for my business|for my mother's care|for school].
    [Last|The last] time was [{when}|on {date}].
"""

CONSEQUENCES = {
    "network_voice": """
        I missed [an urgent call from|two calls from] [the hospital|{family}|my boss|the school].
        [My|The] business [loses|is losing] [customers|orders|{amount} a day] [because of it|over this].
        [What|Imagine] if I [needed|had needed] an ambulance?
        [I look unreachable|Clients think I ignore them|{family2} was worried sick].
    """,
    "network_data": """
        I [cannot work|could not work] from home [and lost {amount}|today|and my boss is not amused].
        [My son|My daughter|My pupil] [missed|failed] [an online exam|the lesson|homework] [because of it|].
        [The card terminal|Our POS|The shop till] [does nothing|stands still], [customers walk out|we lose {amount} a day].
        [I end up|We end up] [in a café|on my neighbour's wifi|paying for a second provider].
    """,
    "messaging": """
        I [could not|cannot] [pay|log in|confirm a transfer] [at my bank|] [because of that|].
        [A delivery|An appointment|A booking] [was lost|fell through] [over it|].
        [{family2} thought|My client thought] I [ignored them|was dead].
    """,
    "billing_charges": """
        [My account|I] [went|am] [overdrawn|into the red] [because of you|].
        [That is|This is] [{amount}|money] I [need for rent|do not have|budgeted for food].
        [The bank|My bank] [charged|wants] {amount} [on top|for the returned debit].
    """,
    "data_depletion": """
        I [had|have] to buy {gb} [again|more] for {amount}.
        [No data|Nothing] left for [work|class|the rest of the month].
    """,
    "recharge_payment": """
        I [was stranded|could not call anyone|was cut off] [all evening|for {n} hours].
        [The money|That {amount}] [is in limbo|sits nowhere|was all I had].
        I [had|have] to [pay|load] [again|a second time].
    """,
    "vas_unsolicited": """
        [It adds up|That makes] {amount} [this month|so far].
        [It wakes|They wake] [the baby|the dog|the whole family] [before dawn|at 5am].
        [My mother|My grandfather] nearly [clicked|fell for it|paid].
    """,
    "sim_identity": """
        [All my|My] [bank logins|contacts|accounts] [hang on|depend on] [that number|it].
        I [cannot|could not] [withdraw money|get into my bank|do my job] {dur}.
        [The police|My bank] [have|has] [the report|been told], file {ref}.
    """,
    "porting_contract": """
        I [pay|am paying] [two providers|double] [meanwhile|at the moment].
        [I would|We would] never have [signed|agreed] [knowing that|had I known].
        [My family|We] [cannot|can't] [afford|plan with] [this|that].
    """,
    "device_install": """
        I [took|lost] [two|three|{n}] days [of holiday|without pay] [for nothing|].
        [We|The kids] [sit|have been] without [wifi|television|a line] {dur}.
        [The shop|Support] [and the maker|] [point at each other|passes me on].
    """,
    "customer_service": """
        [It|That] [cost|wasted] [me|] [{n} hours|my lunch break|a whole afternoon].
        I [left|hung up] [in tears|shaking|none the wiser].
        [Is that|Is this] what you [call|mean by] [service|care]?
    """,
    "complaint_handling": """
        I [have|keep] [every mail|records of it all|all names and dates].
        [It|This] [eats|costs] my [nerves|evenings|time].
    """,
    "privacy_security": """
        [I feel|We feel] [unsafe|exposed|watched].
        [Strangers|Debt collectors|Loan people] [know|have] [where I live|my number] [now|].
        I [had|have] to [change|renew] [all passwords|my cards].
    """,
    "other_review": """
        [It|This] [spoils|ruined] [my day|the weekend].
        [Friends|Colleagues] [say|think] the same.
    """,
}

DEMANDS = {
    "network_voice": """
        [Send someone|Get somebody] to [check|repair] [the mast|the tower] {place}.
        [When|By when] [will|does] [the coverage|reception] [come back|return|get better]?
        [Fix|Sort out|Restore] [the line|our coverage|the reception] [today|now|this week].
    """,
    "network_data": """
        [When|By when] [are we|will I be] [back online|online again]?
        [Send|Book] [a technician|an engineer] [or let me leave|please|].
        I [want|expect] [the speed I pay for|a stable line|money off for {n} days].
    """,
    "messaging": """
        [Check|Repair] [the message centre|your SMS gateway|whatever holds them back].
        [Please|Kindly] [get|make] [texts|codes] [flowing again|arrive].
    """,
    "billing_charges": """
        [Correct|Cancel|Explain] [the bill|that item|the invoice] [and|or] [pay back|return] {amount}.
        [Put|Send] {amount} [back|back to my account] [by {weekday}|within {n} days|at once].
        I [want|expect] [an itemised bill|a written explanation|my money].
    """,
    "data_depletion": """
        [Give|Hand] [me|us] [back|] [my {gb}|the {gb}|the data].
        [Send|Show] [me|] [a log|the sessions|proof] of [where it went|what consumed it].
    """,
    "recharge_payment": """
        [Load|Add|Book] [the credit|the {amount}|my bundle] [now|today|at once].
        [Either|] [credit the line|give me the airtime] or [reverse|send back] the [payment|money].
    """,
    "vas_unsolicited": """
        [Delete|Switch off|Remove] [it|all of that|every such service] [and return {amount}|immediately|for good].
        [Block|Bar] [{shortcode}|those senders|third-party charges] [on my line|for good].
    """,
    "sim_identity": """
        [Restore|Reactivate|Give back] [my line|my number] [today|before {weekday}|at once].
        [Tell me|Explain] who [approved|authorised] [this|that].
    """,
    "porting_contract": """
        [Release|Let] me [from the contract|go] [without a fee|now].
        [Confirm|Put] [the end date|it|that] in writing [by {weekday}|].
        [Honour|Keep to] [the offer|what was promised|the old price].
    """,
    "device_install": """
        [Send|Ship] [a working one|a replacement|a new box] [by {weekday}|].
        [Name|Give me] [a fixed date|one appointment] [and keep it|].
    """,
    "customer_service": """
        [Train|Teach] [your people|those agents] [manners|the basics|].
        [Have|Let] [a supervisor|someone competent] [ring|write to] me [by {weekday}|].
    """,
    "complaint_handling": """
        [Give|Name] me [one person|a case handler|a deadline].
        [Escalate|Reopen] {ref} [or I go to|before I call] [Ofcom|the NCC|the ombudsman|the regulator].
    """,
    "privacy_security": """
        [Erase|Delete|Correct] [it|my data] and [confirm that|report it] [in writing|to the authority].
        [Tell me|I want to know] [what else leaked|who saw it|since when].
    """,
    "other_review": """
        [Do better|Think about it|Change something].
        [Ring|Contact] me [please|after {clock}|].
    """,
}

PIDGIN_DEMANDS = """
    [Abeg|Make una|Oya] [fix am|do something|run am] [sharp sharp|today today|now now].
    [I no go gree|I go carry una case go NCC|I go port], [I swear|mark my word|no joke].
    [Una dey hear so|Una get ear|Answer me na]?
    [E don do|I don tire], [abeg|God dey|na wetin].
"""

CLOSINGS = {
    "formal": """
        [I look forward to|I await] your [reply|prompt reply|written answer] [within {n} days|].
        [Yours faithfully|Kind regards|Sincerely|Best regards|Respectfully].
        [Should this|If this] [remain|stay] [unsolved|unanswered], I [shall|will] [contact|turn to] [the regulator|a solicitor|the ombudsman].
        [Thank you in advance|Many thanks] for [your help|looking into it].
    """,
    "plain": """
        [Thanks|Thank you|Cheers|Ta].
        [Please help|Any ideas|Can you check]?
        [Would be great|It would be nice] to [hear back|get an answer].
    """,
    "angry": """
        [Sort it out|Get a grip|Do your job|Wake up]!
        I [will|am going to] [leave|switch|move to the competition] [{weekday}|next month|for good]!
        [Worst|Most useless] [provider|company|operator] [ever|in {country}|around]!
        [Never again|Avoid|Stay away from them]!
    """,
    "sms": """
        [Thks|Tnx|Pls reply|Reply asap|Urgent pls].
        [Help me out|Am waiting|Do sth].
    """,
    "pidgin": """
        [Abeg reply|Help person|Do something na].
        [Una no go kill person|Na wa for una|God punish devil].
    """,
}

SECOND_TOPIC = """
    [Also|And another thing|On top of that|By the way|While we are at it], {other}
    [Besides|Furthermore|Not to forget]: {other}
"""

AGENT_OPENINGS = """
    [Cust|Customer|Caller|Subscriber|Kunde] [called|rang|phoned|on the line] [about|re|regarding] {thing}.
    [Inbound call|Call|2nd call|Repeat call] [about|re] {thing}.
    [Cust|Customer|Caller] [reports|states|complains about|advises of] {thing}.
    {Thing} [reported|claimed] by [cust|customer|caller].
    [Complaint|Issue|Reason]: {thing}.
"""

AGENT_DETAILS = """
    [Uses|Has|Device] {device}, [{product}|on {product}].
    [Affected|Location]: [{town}|{place}].
    [First noticed|Started|Began] {when}, [about {clock}|{times} since].
    [Previous|Earlier] ticket {ref}[, no result|, closed|].
    [Restart|Reset|Basic checks] [done|tried], [no change|without effect].
    [Cust|Caller] [very upset|calm|annoyed|threatens to leave|asked for supervisor].
    [Verified|ID check] [ok|by date of birth|by password].
    [Amount|Sum] [in question|named by cust]: {amount}.
    [Says|Quote]: "{quote}"
"""

AGENT_ACTIONS = """
    [Escalated|Passed|Forwarded] to [2nd level|back office|billing|field team|supervisor][, ref {ref}|].
    [Explained|Apologised|Advised], [cust not satisfied|cust accepts|callback promised for {weekday}].
    [Ticket|Case] {ref} [opened|created|reopened].
    [Wants|Demands|Expects] [callback|{amount} back|written answer|solution] [by {weekday}|within {n} days|asap].
    [No solution|Nothing found] [on first contact|in the system], [f/u {weekday}|pending].
"""

AGENT_REPLIES = """
    [Hi|Hello|Hey there], [sorry to hear that|thanks for reaching out|we are sorry about this]. [Please DM us|Send us a DM|Drop us a message] [your details|with your postcode|so we can check]. ^{initials}
    [Thanks for waiting|Hi again]! [Our team is|We are] [on it|looking into it], [we will update you|more soon|ref {ref}]. ^{initials}
    [This should be|That is] [sorted|fixed] now, [can you restart|please try again|let us know]. ^{initials}
"""

HASHTAGS = """
    #[{brand}fail|customerservice|telecoms|fail|help|scam|rant|{tag}]
    @[{handle}|{handle}Help|ConsumerWatch] [#fail|#help|]
    [😡|🤬|😤|😭|🙄|👎|💔|🔥][😡|🤬|😭|]
"""

STOCK_PHRASES = {
    "network_voice": "No signal [here|again]",
    "network_data": "[Internet|Data] is down [again|]",
    "messaging": "OTP not coming",
    "billing_charges": "[Wrong bill|Refund my money]",
    "data_depletion": "My data finished too fast",
    "recharge_payment": "Recharge not successful",
    "vas_unsolicited": "Stop these messages",
    "sim_identity": "Unblock my line",
    "porting_contract": "Cancel my plan",
    "device_install": "Router not working",
    "customer_service": "[Rude agent|Nobody picks up]",
    "complaint_handling": "Still waiting for an answer",
    "privacy_security": "My account was hacked",
    "other_review": "[Bad service|Useless company]",
}
"""What many different people write word for word; two of them are two complaints."""
